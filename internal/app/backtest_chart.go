package app

import (
	"strconv"
)

// chart compares two rows of numbers: pairs of bars, the first outlined and striped, the
// second filled, so that no colour is needed to tell them apart. The page draws it as
// SVG from places that are worked out here, and puts the same numbers in a table.
type chart struct {
	// ID is unique on the page. Title says what is counted, Unit in what, and Axis what
	// stands below the bars.
	ID, Title, Unit, Axis string
	Bars                  []bar
	// Ticks are the lines across, Width and Height the picture's size.
	Ticks         []tick
	Width, Height int
}

// bar is one pair.
type bar struct {
	// Label stands below it where there is room, Long in the table.
	Label, Long       string
	AsItIs, WithDraft int

	// Was and Is are where the two stand; Mid is the middle of the pair.
	Was, Is rect
	Mid     float64
	// Labelled says that there is room for the label.
	Labelled bool
}

type rect struct{ X, Y, W, H float64 }

// tick is one line across, and the number it stands for.
type tick struct {
	Y     float64
	Value string
}

// The picture's measures, in its own units. It is as wide as a phone, so that its
// letters are never smaller there than the text's.
const (
	chartWidth  = 340
	chartHeight = 200
	chartLeft   = 44
	chartRight  = 4
	chartTop    = 12
	chartBottom = 22
	// labelRoom is what a label needs.
	labelRoom = 46
)

// Same says whether both rows are equal.
func (c chart) Same() bool {
	for _, b := range c.Bars {
		if b.AsItIs != b.WithDraft {
			return false
		}
	}
	return true
}

// Most is the largest number of either row.
func (c chart) Most() (asItIs, withDraft int) {
	for _, b := range c.Bars {
		asItIs, withDraft = max(asItIs, b.AsItIs), max(withDraft, b.WithDraft)
	}
	return asItIs, withDraft
}

// Alternative is the picture in one sentence; the table below it has the rest.
func (c chart) Alternative() string {
	was, is := c.Most()
	if was == 0 && is == 0 {
		return c.Title + ": none, as it is and with the draft."
	}
	text := c.Title + ": at most " + strconv.Itoa(was) + " as it is and " + strconv.Itoa(is) + " with the draft."
	if c.Same() {
		text += " Both are the same throughout."
	}
	return text + " The table has every number."
}

// Floor is the line that the bars stand on.
func (c chart) Floor() float64 { return chartHeight - chartBottom }

// Left is where the lines across begin, and Right where they end.
func (c chart) Left() float64 { return chartLeft }

// Right is where the lines across end.
func (c chart) Right() float64 { return chartWidth - chartRight }

// drawn works out where everything stands.
func (c chart) drawn() chart {
	c.Width, c.Height = chartWidth, chartHeight
	was, is := c.Most()
	step := tickStep(max(was, is))
	top := step
	for top < max(was, is) {
		top += step
	}
	room := float64(chartHeight - chartTop - chartBottom)
	y := func(n int) float64 { return tenth(float64(chartTop) + room*(1-float64(n)/float64(top))) }
	for n := 0; n <= top; n += step {
		c.Ticks = append(c.Ticks, tick{y(n), short(n)})
	}
	if len(c.Bars) == 0 {
		return c
	}
	slot := float64(chartWidth-chartLeft-chartRight) / float64(len(c.Bars))
	half := min(slot*0.4, 24)
	every := 1
	for slot*float64(every) < labelRoom {
		every++
	}
	for i := range c.Bars {
		b := &c.Bars[i]
		b.Mid = tenth(chartLeft + slot*(float64(i)+0.5))
		place := func(x float64, n int) rect { return rect{tenth(x), y(n), tenth(half), tenth(c.Floor() - y(n))} }
		b.Was, b.Is = place(b.Mid-half, b.AsItIs), place(b.Mid, b.WithDraft)
		b.Labelled = i%every == 0 && b.Mid+labelRoom/3 < chartWidth
	}
	return c
}

// tickStep is 1, 2 or 5 with noughts: about four lines up to the largest number.
func tickStep(most int) int {
	for step := 1; ; step *= 10 {
		for _, s := range []int{step, 2 * step, 5 * step} {
			if s*4 >= most {
				return s
			}
		}
	}
}

// short writes a number so that it fits beside an axis.
func short(n int) string {
	if n >= 10_000 && n%1000 == 0 {
		return strconv.Itoa(n/1000) + "k"
	}
	return strconv.Itoa(n)
}

func tenth(x float64) float64 { return float64(int(x*10+0.5)) / 10 }
