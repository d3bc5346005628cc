// Package templates owns the words of every mail: wording in Markdown files,
// their rendering to subject, text and HTML, and the content lint.
//
// Files are read and checked when a set is made; a render only fills in values
// that were cleaned and escaped, and never reads a value as Markdown. The file
// format is described in docs/templates.md.
//
// It must never know link signing: links arrive as finished strings. It knows
// no journeys either; a caller names the template, the language and the reason.
package templates
