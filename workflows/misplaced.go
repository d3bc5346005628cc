package workflows

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/mooring-care/mooring/workflows/finding"
)

// folderOf is the folder that a file counts for: wordings in another language lie in
// a folder of their own below the others', such as templates/es.
func folderOf(name string) string {
	folder := path.Dir(name)
	if language, below := strings.CutPrefix(folder, templatesFolder+"/"); below && len(language) <= 3 && isWord(language) {
		return templatesFolder
	}
	return folder
}

// misplaced says what is wrong with a file's name or place; "" when nothing is. there
// says which other files there are.
func misplaced(name string, there func(name string) bool) string {
	base := path.Base(name)
	switch folderOf(name) {
	case ".":
		if base == clinicFile || base == resourcesFile {
			return ""
		}
		for _, known := range []string{clinicFile, resourcesFile} {
			if plainName(base)+".yaml" == known {
				return "nothing reads this file; " + callIt(name, known, there)
			}
		}
		return "nothing reads this file; a clinic's folder has " +
			listing([]string{clinicFile, resourcesFile, workflowsFolder + "/<name>.yaml", templatesFolder + "/<name>.md"})
	case workflowsFolder:
		if path.Ext(base) == ".yaml" {
			return ""
		}
		return "nothing reads this file, since a workflow's name ends in .yaml; " + callIt(name, workflowsFolder+"/"+plainName(base)+".yaml", there)
	case templatesFolder:
		if name, ok := strings.CutSuffix(base, ".md"); ok && isWord(name) {
			return ""
		}
		return "nothing reads this file, since a wording's name is small letters, digits and hyphens, and ends in .md; " +
			callIt(name, path.Dir(name)+"/"+plainName(base)+".md", there)
	}
	if folder, below := strings.CutPrefix(path.Dir(name), templatesFolder+"/"); below {
		language, _, _ := strings.Cut(strings.ToLower(folder), "-")
		language, _, _ = strings.Cut(language, "_")
		mend := "call it by its language alone"
		if len(language) >= 2 && len(language) <= 3 && isWord(language) && language != folder {
			mend = "move its files to `" + templatesFolder + "/" + language + "`, which serves every region"
		}
		return "nothing reads this folder; a folder of wordings is called by its language in two or three small letters, such as `" + templatesFolder + "/es`: " + mend +
			" (English stands in `" + templatesFolder + "` itself; English and Spanish come with the program, and any other language begins with its own parts.md)"
	}
	return "nothing reads this folder; a clinic's folder has " + listing([]string{workflowsFolder, templatesFolder})
}

// standsIn says which files a folder has, by their exact names: some disks take a name
// in capitals for the same.
func standsIn(fsys fs.FS) func(name string) bool {
	return func(name string) bool {
		entries, err := fs.ReadDir(fsys, path.Dir(name))
		return err == nil && slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == path.Base(name) })
	}
}

// callIt says what to do about a file of a name that nothing reads, where another name
// would be read.
func callIt(name, read string, there func(name string) bool) string {
	base := path.Base(read)
	switch stem := strings.TrimSuffix(base, path.Ext(base)); {
	case !isWord(stem):
		return "call it `" + path.Dir(read) + "/<name>" + path.Ext(base) + "`"
	case there(read):
		return "`" + base + "` is what is read: put there what this file says, and take this one out"
	case isProse(path.Ext(name)):
		return "save it as plain text and call it `" + base + "`"
	}
	return "call it `" + base + "`"
}

// What programs add to a name: the ending of a kind, and the words for a copy.
var (
	endings   = regexp.MustCompile(`(\.(ya?ml|md|markdown|txt|text|docx?|odt|rtf|html?|pages))+$`)
	copyWords = regexp.MustCompile(`\s*\(.*?\)|^(copy of|copia de) |[\s_-]+(copy|copia)( \d+)?$| \d+$`)
	noWord    = regexp.MustCompile(`[^a-z0-9]+`)
)

// plainName is a file's name without its ending and what programs add to it, in the
// characters that a wording's name is made of.
func plainName(base string) string {
	name := endings.ReplaceAllString(strings.ToLower(base), "")
	name = copyWords.ReplaceAllString(name, "")
	return strings.Trim(noWord.ReplaceAllString(name, "-"), "-")
}

// isProse says whether a word processor writes files of an ending.
func isProse(ending string) bool {
	return slices.Contains([]string{".doc", ".docx", ".odt", ".rtf", ".pages", ".html", ".htm"}, strings.ToLower(ending))
}

// isText says whether an ending is one of plain text that nothing reads.
func isText(ending string) bool {
	return slices.Contains([]string{".txt", ".text", ".markdown"}, strings.ToLower(ending))
}

// Ignored names files that may be meant for a wording, a workflow or clinic.yaml and by
// their kind are left alone: serve runs, and goes on with what stood there before.
func Ignored(fsys fs.FS) finding.List {
	var out finding.List
	there := standsIn(fsys)
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		base := path.Base(name)
		switch {
		case err != nil:
			return err
		case name == ".":
			return nil
		case d.IsDir() && base[0] == '.':
			return fs.SkipDir
		case d.IsDir() || base[0] == '.' || base[0] == '~' || plainName(base) == "readme":
			return nil
		}
		if !isProse(path.Ext(base)) && !isText(path.Ext(base)) {
			return nil
		}
		// Notepad writes a-notice.md.txt for a-notice.md.
		inner := strings.TrimSuffix(base, path.Ext(base))
		meant := slices.Contains([]string{".md", ".yaml", ".yml"}, strings.ToLower(path.Ext(inner)))
		level := finding.Warning
		var read string
		switch folderOf(name) {
		case ".":
			read = plainName(base) + ".yaml"
			if read != clinicFile && read != resourcesFile {
				return nil
			}
		case workflowsFolder:
			read = workflowsFolder + "/" + plainName(base) + ".yaml"
		case templatesFolder:
			read = path.Dir(name) + "/" + plainName(base) + ".md"
		default:
			return nil
		}
		if meant {
			level = finding.Error
		}
		out = append(out, finding.Finding{
			Rule: finding.MisplacedFile, Level: level, File: name, Line: 1, Column: 1,
			Message: "nothing reads this file, since its name ends in " + path.Ext(base), Mend: callIt(name, read, there),
		})
		return nil
	})
	if err != nil {
		return nil // reading the clinic says why
	}
	return out
}
