// Package calendar knows opening hours, holidays and the clock on the wall, also on
// the nights when it is moved. It is pure: every time is given to it.
package calendar
