package finding

import "slices"

// The names of rules. They stand in what programs read and in what a clinic's own
// tools leave out, so they never change.
const (
	UnreadableFile       = "unreadable-file"
	MisplacedFile        = "misplaced-file"
	UnknownKey           = "unknown-key"
	MissingKey           = "missing-key"
	RepeatedKey          = "repeated-key"
	WrongValue           = "wrong-value"
	UnknownName          = "unknown-name"
	WrongCondition       = "wrong-condition"
	ConstantCondition    = "constant-condition"
	UnreachableStep      = "unreachable-step"
	EndlessJourney       = "endless-journey"
	WaitBeyondRetention  = "wait-beyond-retention"
	PrecedenceTaken      = "precedence-taken"
	ApprovalStale        = "approval-stale"
	Draft                = "draft"
	RoleWithoutPerson    = "role-without-person"
	NobodyAtWork         = "nobody-at-work"
	NoEmergency          = "no-emergency"
	UnverifiedAddress    = "unverified-address"
	SharedAddress        = "shared-address"
	UnknownChannel       = "unknown-channel"
	PolicyWithoutRepeat  = "policy-without-repeat"
	UrgentOnMailAlone    = "urgent-on-mail-alone"
	SlowForSafety        = "slow-for-safety"
	OneOwner             = "one-owner"
	SilentFeed           = "silent-feed"
	TemplateMissing      = "template-missing"
	TemplateFallsBack    = "template-falls-back"
	WrongTemplate        = "wrong-template"
	Untranslated         = "untranslated"
	UntranslatedResource = "untranslated-resource"
	StaleResource        = "stale-resource"
	TellingName          = "telling-name"
	OddWording           = "odd-wording"
	UnusedWording        = "unused-wording"
	WrongWaiver          = "wrong-waiver"
	Waived               = "waived"
)

// Rules lists the rules about a clinic's folder, in the order of docs/check.md. Those
// about the words of mails come with the lint that holds them.
func Rules() []Rule {
	return []Rule{
		{UnreadableFile, Error, "a file that is no plain YAML or UTF-8 text, is empty or too large, or a folder that cannot be read", "save it as plain UTF-8 text, one YAML document"},
		{MisplacedFile, Error, "a file or folder that nothing reads; a warning for a text or a word processor's file that may be meant for one", "move it to where its kind belongs, or take it out"},
		{UnknownKey, Error, "a key that means nothing", "correct its spelling, or take it out"},
		{MissingKey, Error, "a key that must be there and is not", "add it; the page about the file shows how"},
		{RepeatedKey, Error, "a key or entry that stands there twice", "keep one of the two"},
		{WrongValue, Error, "a value that its key cannot have", "write one of those that the page about the file lists"},
		{UnknownName, Error, "the name of a policy, workflow or step that there is not", "correct its spelling, or add what it names"},
		{WrongCondition, Error, "a condition that cannot be read", "write it as docs/workflows.md shows, between single quotes"},
		{ConstantCondition, Warning, "a condition that holds for every client, or for none, which is an error", "correct it, or leave it out"},
		{UnreachableStep, Error, "steps that no journey comes to: below an end, or in a branch that one above it always takes", "move them to where a journey comes by, or remove them"},
		{EndlessJourney, Error, "a wait that may never end; as a warning, a journey of more than two years", "give the wait a `limit`, or the journey an earlier end"},
		{WaitBeyondRetention, Error, "a wait that is longer than the client's past is kept, which is 366 days", "write a shorter one"},
		{PrecedenceTaken, Error, "two workflows with one precedence; a warning for a draft", "give each its own"},
		{ApprovalStale, Error, "an approval of something else than what stands there now; as a warning, one by somebody who is not in `people`", "have the file read, and run mooring workflow approve"},
		{Draft, Warning, "a workflow that nobody has approved", "have it read, and run mooring workflow approve"},
		{RoleWithoutPerson, Error, "a role, rota or person that leads to nobody; a warning where everybody is on leave now", "give somebody the role, or name somebody else"},
		{NobodyAtWork, Warning, "open hours in which nobody works whom a rung asks, so that it is passed over", "widen somebody's `hours`, or name somebody else on the rung"},
		{NoEmergency, Warning, "no `emergency` address: where nobody answers, nobody else hears of it", "write one, such as `emergency: [{name: Duty desk, email: duty@example.org}]`"},
		{UnverifiedAddress, Warning, "an address of which nobody has made sure within a year that its mail is read", "send a mail, have it answered, and write the date as `verified` under `people`"},
		{SharedAddress, Warning, "two people with one mail address; whoever is asked second is nobody new", "give each their own"},
		{UnknownChannel, Error, "a way of `reach` that this program does not know", "write one that it knows"},
		{PolicyWithoutRepeat, Error, "a policy without a rung: the last rung repeats until somebody answers, and without one nobody is asked", "give it at least one rung, such as `rungs: [{owner: assigned, within: 10m}]`"},
		{UrgentOnMailAlone, Warning, "a policy that counts in minutes, where mail is all that reaches somebody whom it asks", "write a pager under `reach`, or agree on a telephone beside it"},
		{SlowForSafety, Warning, "a rung or hold of more than a day in a policy", "shorten it"},
		{OneOwner, Warning, "a policy that asks one owner alone, again and again", "name somebody else on a second rung"},
		{SilentFeed, Warning, "no `feed_quiet`: nobody hears when the clinic's system stops sending events", "write for how long it may be silent while the clinic is open, such as `feed_quiet: 8h`"},
		{TemplateMissing, Error, "a mail for which there is no wording in a language that the clinic serves", "write the file"},
		{TemplateFallsBack, Note, "a reason that has words of its own in the clinic's own language, and in another one the usual ones", "write the file, where the difference matters"},
		{WrongTemplate, Error, "a wording that cannot be read, or lacks what its family must show", "write it as docs/templates.md shows"},
		{Untranslated, Warning, "what clinic.yaml says to clients in its own language alone", "write it under `translations`"},
		{UntranslatedResource, Warning, "a service that clients read of in another language than theirs", "write it under the service's `translations`"},
		{StaleResource, Warning, "a service that nobody has looked at for a year, or that is over", "see that it still exists, and write today's date into `checked`"},
		{TellingName, Warning, "a name or address of the clinic's that tells whoever sees a client's inbox what they come for", "write one that says nothing"},
		{OddWording, Warning, "a wording that reads as another language than its folder's, or addresses its reader in two ways", "write it in one language and one way, or move it"},
		{UnusedWording, Warning, "a wording that no workflow asks for", "name it in a workflow, as docs/workflows.md shows, or take its file out"},
		{WrongWaiver, Error, "a waiver that lets nothing by, or that cannot be", "name a rule and the exact words, or take it out"},
		{Waived, Note, "what somebody answers for", "take the waiver out when it is not needed any more"},
	}
}

// Look finds a rule of a list by its name.
func Look(rules []Rule, id string) (Rule, bool) {
	i := slices.IndexFunc(rules, func(r Rule) bool { return r.ID == id })
	if i < 0 {
		return Rule{}, false
	}
	return rules[i], true
}
