package web

import (
	"fmt"
	"time"
)

// phrases are all the words that a client can meet on a page, in one language.
// Each language is one value of it, so that a word which a page asks for and a
// language does not have cannot go unseen (TestLanguagesHoldTheSameWords). Verbs such as %s
// stand where the English has them.
type phrases struct {
	// Tag is the language's code, Name what its own speakers call it.
	Tag, Name string
	Months    [12]string
	Day       string // from day, month and year, by their places

	Skip, HelpNow, NeedSomeone, Call, CallEmergency, InDanger, InDangerNow, LineWebsite, NotWatched, OtherLanguages string
	CallUs                                                                                                          string

	CheckinTitle, CheckinLead                                                string
	ChooseTitle, Choose, NothingSent                                         string
	FeelOkay, FeelHard, NotSafe, NotSafeWhat                                 string
	More, MoreHint, WhyLegend, WishLegend, WishUnknown, OwnWords, WhoReadsIt string
	SendAnswer, SendAgain                                                    string
	Reasons, Wishes                                                          []Choice

	CallNowTitle, ToldNow, CannotSayWhen, MayNotKnow, MayNotKnowWhat, MayNotKnowCall, StayWith, GoodTold string

	ThanksTitle, ThanksHard, IfWorse, IfNow, ThanksOkay, ReadLater, WereLong, AnswerAgain string
	WishedVisit, WishedCall, WishedOther                                                  string
	WishedStop, WishedPause, WishedPauseEnds, MailChoices                                 string
	Places, PlacesLead, People, PeopleLead, ServiceWebsite                                string
	MailList, MailListWhat                                                                string
	ListSentTitle, ListSent, ListNotSentTitle, ListNotSent, ListNotConfirmed, ListOften   string

	NotYetTitle, NotYet, NotTwice string

	MailTitle, MailLead, LeaveIt                                        string
	StopHead, StopWhat, Stop                                            string
	StoppedTitle, Stopped, StoppedChange, StoppedTell, StoppedWelcome   string
	StopNotConfirmed, ChangeNotConfirmed, TryAgain                      string
	PauseHead, PauseWhat, PauseLegend, TwoWeeks, OneMonth, ThreeMonths  string
	Pause                                                               string
	PausedTitle, Paused, ResumeHead, ResumeWhat, Resume                 string
	ResumedTitle, Resumed                                               string
	LanguageHead, LanguageWhat, SaveLanguage                            string
	LanguageSavedTitle, LanguageSaved                                   string
	AddressHead, AddressWhat, AddressLabel, AddressHint, AskAddress     string
	AddressWrongTitle, AddressWrong                                     string
	AddressAskedTitle, AddressAsked, AddressWaits                       string
	AddressNotAskedTitle, AddressNotAsked, AddressOften, AddressOldLink string
	BackToMail                                                          string

	ConfirmTitle, ConfirmLead, ConfirmWhat, Confirm, ConfirmNot      string
	ConfirmedTitle, Confirmed, ConfirmedStopped, ConfirmedTold       string
	NotConfirmedTitle, NotConfirmedOld                               string
	NothingChanged, WhatYouCanDo, CallOrAnswer, AnswerMail, CallYour string
	NotSafeHead, NotSafeUnknown                                      string

	BrokenTitle, Broken, ExpiredTitle, Expired, MethodTitle, Reopen, LongTitle, Long, FormTitle, Form, DownTitle, Down, NothingTitle string
}

// languages are those that the pages of a client are written in.
func languages() []*phrases { return []*phrases{english(), spanish()} }

// day writes a date.
func (p *phrases) day(t time.Time) string {
	return fmt.Sprintf(p.Day, t.Day(), p.Months[t.Month()-1], t.Year())
}
