package escalation

import "time"

// Each story is lines of "what happens => what follows"; no arrow means that
// only the circumstances change.
var stories = []struct {
	name   string
	before string // circumstances before the escalation opens
	policy func(*Policy)
	nobody bool // no clinician is assigned
	lines  string
}{
	{
		name: "answered at once",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			accepted m1 => accepted | ana 0.0 in 30m0s
			ack ana => acknowledged | ana 0.0 in 45m0s
			close ana reached-safe => closed | ana 0.0 in never`,
	},
	{
		name: "no answer climbs, and the end repeats and grows",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			accepted m1 => accepted | ana 0.0 in 30m0s
			after 29m => stale unchanged | ana 0.0 in 1m0s
			after 1m => no-answer ben | ben 1.0 in 20m0s
			after 20m => no-answer sue | sue 2.0 in 10m0s
			after 10m => repeats sue (sam) | sue 2.1 in 10m0s
			after 10m => repeats sue (sam) (omar) -m4 | sue 2.2 in 10m0s
			after 10m => repeats sue (sam) (omar) (ben) (ana) -m6 -m7 | sue 2.3 in 10m0s
			after 10m => repeats sue (sam) (omar) (ben) (ana) -m9 -m10 -m11 | sue 2.4 in 10m0s`,
	},
	{
		name: "whoever was asked leaves the clinic: the next person is asked when somebody looks, before the time is over",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			accepted m1 => accepted | ana 0.0 in 30m0s
			pass 5m
			gone ana
			after 0s => holder-gone sue ^1 | sue 2.0 in 10m0s
			after 0s => stale unchanged | sue 2.0 in 10m0s`,
	},
	{
		name: "whoever took it leaves the clinic",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			accepted m1 => accepted | ana 0.0 in 30m0s
			ack ana => acknowledged | ana 0.0 in 45m0s
			gone ana
			after 0s => holder-gone sue ^1 told:ana | sue 2.0 in 10m0s`,
	},
	{
		name:   "leave that begins within the rung's time ends it",
		before: "leave ana 10m",
		lines: `
			open => opened ana | ana 0.0 in 10m0s
			accepted m1 => accepted | ana 0.0 in 10m0s
			after 10m => holder-gone ben | ben 1.0 in 20m0s`,
	},
	{
		name: "leave that begins while somebody has it ends the hold",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			accepted m1 => accepted | ana 0.0 in 30m0s
			ack ana => acknowledged | ana 0.0 in 45m0s
			leave ana 20m
			after 20m => holder-gone ben told:ana | ben 1.0 in 20m0s`,
	},
	{
		name:   "whoever answers although on leave keeps it",
		before: "away ana",
		lines: `
			open => opened ben | ben 0.0 in 30m0s
			ack ana => acknowledged -m1 | ana 0.0 in 45m0s
			after 5m => stale unchanged | ana 0.0 in 40m0s`,
	},
	{
		name: "whoever took it should not be asked about the client: who stands in is asked at once",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			accepted m1 => accepted | ana 0.0 in 30m0s
			ack ana => acknowledged | ana 0.0 in 45m0s
			never ana => excluded ben | ben 0.1 in 30m0s`,
	},
	{
		name:   "no named person can be reached: the emergency address is asked at once",
		before: "emergency",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			failed m1 => not-delivered ben | ben 1.0 in 20m0s
			failed m2 => not-delivered sue | sue 2.0 in 10m0s
			failed m3 => not-delivered omar | omar 2.1 in 10m0s
			failed m4 => not-delivered desk | desk 2.2 in 10m0s`,
	},
	{
		name: "whoever has it hears that somebody else closed it",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			accepted m1 => accepted | ana 0.0 in 30m0s
			ack ana => acknowledged | ana 0.0 in 45m0s
			close sue reached-safe => closed closed:ana | ana 0.0 in never`,
	},
	{
		name: "after an outage the rung last asked is asked once more, with its full time",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			accepted m1 => accepted | ana 0.0 in 30m0s
			after 48h => after-outage ana | ana 0.1 in 30m0s
			after 29m => stale unchanged | ana 0.1 in 1m0s
			after 1m => no-answer ben | ben 1.1 in 20m0s`,
	},
	{
		name: "a mail that an outage kept is the one that asks",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			after 3h => after-outage | ana 0.0 in 30m0s
			accepted m1 => accepted | ana 0.0 in 30m0s
			after 30m => no-answer ben | ben 1.0 in 20m0s`,
	},
	{
		name: "a mail that has to wait does not keep the next rung waiting, and asks all the same once it leaves",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			pass 5m
			late m1 => not-left ben | ben 1.0 in 20m0s
			late m1 => unrelated unchanged | ben 1.0 in 20m0s
			accepted m1 => accepted | ben 1.0 in 20m0s
			pass 5m
			late m2 => not-left sue | sue 2.0 in 10m0s
			pass 5m
			late m3 => unrelated unchanged | sue 2.0 in 5m0s
			ack ana => acknowledged -m2 -m3 | ana 2.0 in 45m0s`,
	},
	{
		name: "nobody minds a mail that waits once somebody has taken the question",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			ack ben => acknowledged -m1 | ben 0.0 in 45m0s
			late m1 => unrelated unchanged | ben 0.0 in 45m0s`,
	},
	{
		name: "an outage after an outage does not hold the ladder",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			accepted m1 => accepted | ana 0.0 in 30m0s
			after 3h => after-outage ana | ana 0.1 in 30m0s
			after 3h => no-answer ben | ben 1.1 in 20m0s
			after 24m => no-answer sue (sam) | sue 2.1 in 10m0s`,
	},
	{
		name: "after an outage whoever covers is asked where the owner is away by now",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			away ana
			after 3h => after-outage ben | ben 0.1 in 30m0s`,
	},
	{
		name: "a hold that ran out during an outage resumes as any other",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			ack ana => acknowledged -m1 | ana 0.0 in 45m0s
			after 9h => hold-ran-out ben (ana) told:ana | ben 1.0 in 20m0s`,
	},
	{
		name: "of two acknowledgements one wins and the other is told",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			after 30m => no-answer ben | ben 1.0 in 20m0s
			ack ben => acknowledged -m1 -m2 | ben 1.0 in 45m0s
			ack ana => already-acknowledged unchanged told:ben | ben 1.0 in 45m0s
			ack ben => already-acknowledged unchanged told:ben | ben 1.0 in 45m0s`,
	},
	{
		name: "a late acknowledgement from an older rung counts",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			accepted m1 => accepted | ana 0.0 in 30m0s
			after 30m => no-answer ben | ben 1.0 in 20m0s
			ack ana => acknowledged -m2 | ana 1.0 in 45m0s
			accepted m2 => accepted taken:ben | ana 1.0 in 45m0s`,
	},
	{
		name: "everyone asked since hears that a late acknowledgement counts",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			accepted m1 => accepted | ana 0.0 in 30m0s
			after 30m => no-answer ben | ben 1.0 in 20m0s
			accepted m2 => accepted | ben 1.0 in 20m0s
			after 20m => no-answer sue | sue 2.0 in 10m0s
			accepted m3 => accepted | sue 2.0 in 10m0s
			ack ana => acknowledged taken:ben taken:sue | ana 2.0 in 45m0s`,
	},
	{
		name: "whoever was asked before the one who took it hears nothing",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			accepted m1 => accepted | ana 0.0 in 30m0s
			after 30m => no-answer ben | ben 1.0 in 20m0s
			accepted m2 => accepted | ben 1.0 in 20m0s
			ack ben => acknowledged | ben 1.0 in 45m0s`,
	},
	{
		name: "acknowledged and forgotten",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			ack ana => acknowledged -m1 | ana 0.0 in 45m0s
			after 44m => stale unchanged | ana 0.0 in 1m0s
			after 1m => hold-ends hold:ana told:ana | ana 0.0 in 15m0s
			ack ben => already-acknowledged unchanged told:ana | ana 0.0 in 15m0s
			after 15m => hold-ran-out ben (ana) told:ana | ben 1.0 in 20m0s
			ack ben => acknowledged -m2 -m3 | ben 1.0 in 45m0s`,
	},
	{
		name: "an acknowledgement after the hold counts although the timer is late",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			ack ana => acknowledged -m1 | ana 0.0 in 45m0s
			away ana
			after 60m => hold-ran-out ben told:ana | ben 1.0 in 20m0s
			ack sue ben => acknowledged -m2 | sue 1.0 in 45m0s`,
	},
	{
		name: "a try by whoever has it restarts the hold, another's does not",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			attempt ana => attempt-recorded | ana 0.0 in 30m0s
			ack ana => acknowledged -m1 | ana 0.0 in 45m0s
			after 40m => stale unchanged | ana 0.0 in 5m0s
			attempt ben => attempt-recorded | ana 0.0 in 5m0s
			attempt ana => attempt-recorded | ana 0.0 in 45m0s
			after 50m => hold-ends hold:ana told:ana | ana 0.0 in 10m0s
			attempt ana => attempt-recorded | ana 0.0 in 45m0s`,
	},
	{
		name:   "a short hold ends without a reminder",
		policy: func(p *Policy) { p.Hold = 3 * time.Minute },
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			ack ana => acknowledged -m1 | ana 0.0 in 3m0s
			after 3m => hold-ran-out ben (ana) told:ana | ben 1.0 in 20m0s`,
	},
	{
		name: "passed on goes to the next at once",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			accepted m1 => accepted | ana 0.0 in 30m0s
			decline ana => passed-on ben | ben 1.0 in 20m0s
			decline ana => passed-on unchanged | ben 1.0 in 20m0s
			decline omar => not-asked unchanged | ben 1.0 in 20m0s
			decline ben => passed-on sue -m2 | sue 2.0 in 10m0s
			decline sue => passed-on sam -m3 | sam 2.1 in 10m0s
			decline sam => passed-on omar -m4 | omar 2.2 in 10m0s
			decline omar => nobody-else -m5 | omar 2.2 in 10m0s
			after 1s => stale unchanged | omar 2.2 in 9m59s
			decline omar => passed-on sue | sue 2.3 in 10m0s`,
	},
	{
		name: "passed on from an older rung cuts nobody's time short",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			after 30m => no-answer ben | ben 1.0 in 20m0s
			decline ana => passed-on -m1 | ben 1.0 in 20m0s`,
	},
	{
		name: "whoever has it may pass it on, nobody else may",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			ack ana => acknowledged -m1 | ana 0.0 in 45m0s
			decline ben => already-acknowledged unchanged told:ana | ana 0.0 in 45m0s
			decline ana => passed-on ben | ben 1.0 in 20m0s`,
	},
	{
		name:   "nobody else to pass it to",
		policy: func(p *Policy) { p.Rungs = []Rung{{Owner: "person:omar", Within: 10 * time.Minute}} },
		lines: `
			open => opened omar | omar 0.0 in 10m0s
			after 4m => stale unchanged | omar 0.0 in 6m0s
			decline omar => nobody-else -m1 | omar 0.0 in 6m0s
			decline omar => nobody-else | omar 0.0 in 6m0s
			after 6m => repeats omar | omar 0.1 in 10m0s`,
	},
	{
		name:   "nobody else, passed on by whoever had it: the hold is over",
		policy: func(p *Policy) { p.Rungs = []Rung{{Owner: "person:omar", Within: 10 * time.Minute}} },
		lines: `
			open => opened omar | omar 0.0 in 10m0s
			ack omar => acknowledged -m1 | omar 0.0 in 45m0s
			decline omar => nobody-else | omar 0.0 in 10m0s`,
	},
	{
		name:   "a failure that is told after the deadline gives the rung its time anew",
		policy: func(p *Policy) { p.Rungs = []Rung{{Owner: "person:omar", Within: 10 * time.Minute}} },
		lines: `
			open => opened omar | omar 0.0 in 10m0s
			pass 15m
			failed m1 => not-delivered | omar 0.0 in 10m0s`,
	},
	{
		name: "an address that just failed is not tried again at once",
		policy: func(p *Policy) {
			p.Rungs = []Rung{
				{Owner: "person:ana", Within: 10 * time.Minute},
				{Owner: "person:ben", Within: 10 * time.Minute},
				{Owner: "person:ana", Within: 10 * time.Minute},
				{Owner: "person:sue", Within: 10 * time.Minute},
			}
		},
		lines: `
			open => opened ana | ana 0.0 in 10m0s
			failed m1 => not-delivered ben | ben 1.0 in 10m0s
			pass 10s
			failed m2 => not-delivered sue ^2 | sue 3.0 in 10m0s`,
	},
	{
		name:   "times too short for a ladder are lengthened",
		policy: func(p *Policy) { p.Hold, p.Rungs[0].Within = 0, -time.Hour },
		lines: `
			open => opened ana | ana 0.0 in 1m0s
			ack ana => acknowledged -m1 | ana 0.0 in 1m0s`,
	},
	{
		name: "a mail that fails does not wait for an answer",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			accepted m1 => accepted | ana 0.0 in 30m0s
			failed m1 => not-delivered ben | ben 1.0 in 20m0s
			failed m1 => unrelated unchanged | ben 1.0 in 20m0s
			accepted m1 => unrelated unchanged | ben 1.0 in 20m0s
			failed m9 => unrelated unchanged | ben 1.0 in 20m0s`,
	},
	{
		name: "no mail leaves at all: nobody spins, nobody is silent",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			failed m1 => not-delivered ben | ben 1.0 in 20m0s
			failed m2 => not-delivered sue | sue 2.0 in 10m0s
			failed m3 => not-delivered omar | omar 2.1 in 10m0s
			failed m4 => not-delivered | omar 2.1 in 10m0s
			after 9m => stale unchanged | omar 2.1 in 1m0s
			after 1m => repeats sam (sue) (omar) | sam 2.2 in 10m0s
			failed m5 => not-delivered omar | omar 2.3 in 10m0s
			failed m8 => not-delivered | omar 2.3 in 10m0s`,
	},
	{
		name: "a mail that fails after the acknowledgement moves nothing",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			accepted m1 => accepted | ana 0.0 in 30m0s
			ack ana => acknowledged | ana 0.0 in 45m0s
			failed m1 => not-delivered | ana 0.0 in 45m0s`,
	},
	{
		name:   "nobody assigned: both rungs are passed at once",
		nobody: true,
		lines:  `open => opened sue ^0 ^1 | sue 2.0 in 10m0s`,
	},
	{
		name:   "away: the cover is asked in their place",
		before: "away ana",
		lines: `
			open => opened ben | ben 0.0 in 30m0s
			after 30m => no-answer ben | ben 1.0 in 20m0s
			after 20m => no-answer sue | sue 2.0 in 10m0s`,
	},
	{
		name:   "the same person on two rungs is not mailed twice at one instant",
		before: "away ana",
		lines: `
			open => opened ben | ben 0.0 in 30m0s
			failed m1 => not-delivered sue ^1 | sue 2.0 in 10m0s`,
	},
	{
		name:   "a rung without an address burns no time",
		before: "nomail ana",
		lines:  `open => opened ben ^0 | ben 1.0 in 20m0s`,
	},
	{
		name:   "nobody answers: everybody on duty hears of it once, then the emergency address each time",
		before: "emergency;away ben",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			accepted m1
			after 30m => no-answer sue ^1 | sue 2.0 in 10m0s
			accepted m2
			after 10m => repeats sue (sam) | sue 2.1 in 10m0s
			accepted m3
			accepted m4
			after 10m => repeats sue (sam) (omar) | sue 2.2 in 10m0s
			accepted m5
			accepted m6
			accepted m7
			after 10m => repeats sue (sam) (omar) (ana) (desk) | sue 2.3 in 10m0s
			accepted m8
			accepted m9
			accepted m10
			accepted m11
			accepted m12
			after 10m => repeats sue (sam) (omar) (ana) (desk) | sue 2.4 in 10m0s`,
	},
	{
		name:   "a hand-over in the third repeat does not keep it from everybody on duty",
		before: "emergency;away ben",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			accepted m1
			after 30m => no-answer sue ^1 | sue 2.0 in 10m0s
			accepted m2
			after 10m => repeats sue (sam) | sue 2.1 in 10m0s
			accepted m3
			accepted m4
			after 10m => repeats sue (sam) (omar) | sue 2.2 in 10m0s
			accepted m5
			accepted m6
			accepted m7
			decline sue => passed-on sam | sam 2.3 in 10m0s
			accepted m8
			after 10m => repeats sam (sue) (omar) (ana) (desk) | sam 2.4 in 10m0s`,
	},
	{
		name:   "the owner is told too where somebody who was only informed takes it",
		policy: func(p *Policy) { p.Rungs[0].Inform = []string{"person:sam"} },
		lines: `
			open => opened ana (sam) | ana 0.0 in 30m0s
			accepted m1 => accepted | ana 0.0 in 30m0s
			accepted m2 => accepted | ana 0.0 in 30m0s
			ack sam => acknowledged taken:ana | sam 0.0 in 45m0s`,
	},
	{
		name:   "everybody is away: the emergency address is asked",
		before: "emergency;away all",
		lines: `
			open => opened desk ^0 ^1 | desk 2.0 in 10m0s
			after 10m => repeats desk | desk 2.1 in 10m0s
			ack desk => acknowledged -m1 -m2 | desk 2.1 in 45m0s`,
	},
	{
		name:   "everybody is away: whoever is on call is asked all the same",
		before: "away all",
		lines: `
			open => opened omar ^0 ^1 | omar 2.0 in 10m0s
			after 10m => repeats omar | omar 2.1 in 10m0s
			after 9h => after-outage | omar 2.1 in 10m0s
			after 10m => repeats sue (sam) (omar) | sue 2.2 in 10m0s`,
	},
	{
		name:   "others are told and one is asked",
		policy: func(p *Policy) { p.Rungs[0].Inform = []string{"role:supervisor", "person:ana", "cover"} },
		lines: `
			open => opened ana (sue) (sam) (ben) | ana 0.0 in 30m0s
			failed m2 => not-delivered | ana 0.0 in 30m0s
			decline sam => not-asked unchanged | ana 0.0 in 30m0s
			ack sam ana => acknowledged -m1 -m3 -m4 | sam 0.0 in 45m0s`,
	},
	{
		name: "a second cause joins and asks nobody again",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			join not-safe => joined | ana 0.0 in 30m0s
			join not-safe => joined | ana 0.0 in 30m0s
			join screening => joined | ana 0.0 in 30m0s`,
	},
	{
		name:   "a second cause after the acknowledgement asks again, and the ladder runs",
		policy: func(p *Policy) { p.Rungs[0].Inform = []string{"role:supervisor"} },
		lines: `
			open => opened ana (sue) (sam) | ana 0.0 in 30m0s
			ack ana => acknowledged -m1 -m2 -m3 | ana 0.0 in 45m0s
			pass 1m
			join not-safe => asked-again ana (sue) (sam) | ana 0.1 in 30m0s
			attempt ana => attempt-recorded | ana 0.1 in 30m0s
			join not-safe => joined | ana 0.1 in 30m0s
			after 30m => no-answer ben | ben 1.1 in 20m0s`,
	},
	{
		name:   "a second cause on a later rung tells all who were told on the way",
		policy: func(p *Policy) { p.Rungs[0].Inform = []string{"role:supervisor"} },
		lines: `
			open => opened ana (sue) (sam) | ana 0.0 in 30m0s
			after 30m => no-answer ben | ben 1.0 in 20m0s
			ack ben => acknowledged -m1 -m2 -m3 -m4 | ben 1.0 in 45m0s
			pass 1m
			join not-safe => asked-again ben (sue) (sam) | ben 1.1 in 20m0s`,
	},
	{
		name: "a second cause after the acknowledgement, and its mail is refused",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			ack ana => acknowledged -m1 | ana 0.0 in 45m0s
			join not-safe => asked-again ana | ana 0.1 in 30m0s
			failed m2 => not-delivered ben | ben 1.1 in 20m0s`,
	},
	{
		name: "said again after the acknowledgement, it is asked again; taken again, it holds",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			ack ana => acknowledged -m1 | ana 0.0 in 45m0s
			join no-show => asked-again ana | ana 0.1 in 30m0s
			ack ana => acknowledged -m2 | ana 0.1 in 45m0s
			join no-show => asked-again ana | ana 0.2 in 30m0s`,
	},
	{
		name: "whoever took it from another rung is asked again, and the rung's own owner is told",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			ack sam => acknowledged -m1 | sam 0.0 in 45m0s
			join not-safe => asked-again sam (ana) | sam 0.1 in 30m0s`,
	},
	{
		name: "whoever took it has gone: who is there is asked",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			ack sam => acknowledged -m1 | sam 0.0 in 45m0s
			away sam
			join not-safe => asked-again ana | ana 0.1 in 30m0s
			ack ana => acknowledged -m2 | ana 0.1 in 45m0s
			away ana
			join not-safe => asked-again ben | ben 0.2 in 30m0s`,
	},
	{
		name: "whoever took it though their mail fails: the rung's owner is asked, they are told",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			failed m1 => not-delivered ben | ben 1.0 in 20m0s
			ack ana => acknowledged -m2 | ana 1.0 in 45m0s
			pass 1m
			join not-safe => asked-again ben (ana) | ben 1.1 in 20m0s`,
	},
	{
		name: "whoever took it after passing it on is asked again",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			decline ana => passed-on ben -m1 | ben 1.0 in 20m0s
			ack ana => acknowledged -m2 | ana 1.0 in 45m0s
			join not-safe => asked-again ana (ben) | ana 1.1 in 20m0s`,
	},
	{
		name: "a second cause never puts off when the hold would have ended",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			ack ana => acknowledged -m1 | ana 0.0 in 45m0s
			pass 55m
			join not-safe => asked-again ana | ana 0.1 in 5m0s
			ack ana => acknowledged -m2 | ana 0.1 in 45m0s
			pass 70m
			join screening => asked-again ana | ana 0.2 in 30m0s`,
	},
	{
		name: "closing needs a person and a known outcome; what comes after is told",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			close ana => outcome-missing unchanged | ana 0.0 in 30m0s
			close ana fine => outcome-missing unchanged | ana 0.0 in 30m0s
			ack => person-missing unchanged | ana 0.0 in 30m0s
			close sue false-alarm => closed -m1 | ana 0.0 in never
			after 5h => not-open unchanged closed:sue | ana 0.0 in never`,
	},
	{
		name: "after the outcome",
		lines: `
			open => opened ana | ana 0.0 in 30m0s
			close sue false-alarm => closed -m1 | ana 0.0 in never
			ack ana => already-closed unchanged closed:sue | ana 0.0 in never
			decline ana => already-closed unchanged closed:sue | ana 0.0 in never
			attempt ana => already-closed unchanged closed:sue | ana 0.0 in never
			close ana reached-safe => already-closed unchanged closed:sue | ana 0.0 in never
			join again => not-open unchanged closed:sue | ana 0.0 in never
			failed m1 => not-delivered | ana 0.0 in never
			reopen ben => reopened ana closed:sue | ana 0.1 in 30m0s
			reopen ben => already-open unchanged | ana 0.1 in 30m0s
			failed m2 => not-delivered ben | ben 1.1 in 20m0s`,
	},
}
