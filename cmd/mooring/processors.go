package main

import (
	"os"
	"runtime"
)

// flushingProcessors is how many of Go's processors a core gets while every
// write is flushed: a flush keeps the one it runs on until the runtime notices,
// and with one a core two flushes stop the program although the machine idles.
const flushingProcessors = 4

// processors sets how many goroutines may run at once, unless the operator has
// set GOMAXPROCS.
func processors(flushing bool) {
	if os.Getenv("GOMAXPROCS") != "" {
		return
	}
	if flushing {
		runtime.GOMAXPROCS(flushingProcessors * runtime.NumCPU())
		return
	}
	runtime.SetDefaultGOMAXPROCS()
}
