package templates

// The look of a mail. Colours stand inline, because some mail programs drop
// the style element; the ones that keep it get the dark colours too. Nothing
// is fetched from anywhere.
const (
	font = "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;"

	frameHead = `<!doctype html>
<html lang="`
	frameTitle = `"><head><meta charset="utf-8"/>
<meta name="viewport" content="width=device-width,initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<meta name="supported-color-schemes" content="light dark"/>
<title>`
	frameBody = `</title>
<style>
:root{color-scheme:light dark}
@media (prefers-color-scheme:dark){
.m-page{background:#15181a!important}
.m-card{background:#1f2427!important;border-color:#343b40!important}
.m-ink{color:#ecebe7!important}
.m-soft{color:#b9bfc3!important}
.m-note{background:#2a3136!important;border-color:#7cc4c0!important;color:#ecebe7!important}
.m-link{color:#8fd6d2!important}
.m-btn{background:#8fd6d2!important;border-color:#8fd6d2!important;color:#10211f!important}
.m-btn2{background:#1f2427!important;border-color:#8fd6d2!important;color:#8fd6d2!important}
.m-line{border-color:#3d454a!important}
}
@media (max-width:480px){
.m-page{padding:0!important}
.m-card{border-radius:0!important;border-width:0!important;padding:24px 20px!important}
}
</style></head>
<body class="m-page" style="margin:0;padding:24px 12px;background:#f4f2ee;-webkit-text-size-adjust:100%">
<table role="presentation" cellpadding="0" cellspacing="0" border="0" align="center" width="100%" style="max-width:600px;margin:0 auto;border-collapse:separate"><tr><td class="m-card m-ink" style="background:#ffffff;border:1px solid #e3dfd8;border-radius:12px;padding:32px;color:#22282b;` + font + `font-size:17px;line-height:1.55">
`
	frameEnd = `</td></tr></table>
</body></html>
`

	pOpen     = `<p style="margin:0 0 18px">`
	pEnd      = "</p>\n"
	hOpen     = `<h2 style="margin:26px 0 10px;font-size:19px;line-height:1.3">`
	hEnd      = "</h2>\n"
	ulOpen    = `<ul style="margin:0 0 18px;padding-left:22px">` + "\n"
	ulEnd     = "</ul>\n"
	olOpen    = `<ol style="margin:0 0 18px;padding-left:24px">` + "\n"
	olEnd     = "</ol>\n"
	liOpen    = `<li style="margin:0 0 8px">`
	liEnd     = "</li>\n"
	hrLine    = `<hr class="m-line" style="border:0;border-top:1px solid #e3dfd8;margin:24px 0"/>` + "\n"
	noteOpen  = `<div class="m-note" style="margin:28px 0 18px;padding:14px 16px;border-left:4px solid #2a7a76;background:#eef5f4;color:#22282b">` + "\n"
	noteP     = `<p style="margin:0 0 6px">`
	noteEnd   = "</div>\n"
	softOpen  = `<p class="m-soft" style="margin:0 0 10px;font-size:14px;line-height:1.5;color:#596268">`
	aOpen     = `<a class="m-link" style="color:#1d6b67" href="`
	btnOpen   = `<p style="margin:0 0 24px"><a class="m-btn" style="display:inline-block;padding:11px 22px;border:1px solid #1d6b67;border-radius:8px;background:#1d6b67;color:#ffffff;font-weight:600;text-decoration:none" href="`
	btn2Open  = `<p style="margin:0 0 24px"><a class="m-btn2" style="display:inline-block;padding:11px 22px;border:1px solid #1d6b67;border-radius:8px;background:#ffffff;color:#1d6b67;font-weight:600;text-decoration:none" href="`
	noWrap    = `<span style="white-space:nowrap">`
	aMid      = `">`
	aEnd      = "</a>"
	textWidth = 72
	textRule  = "----------------------------------------"
)
