package app

import (
	"fmt"
	"os"
	"time"
)

var zzStart = time.Now()

func zz(f string, a ...any) {
	if os.Getenv("ZZ") != "" {
		fmt.Printf("%6.2fs "+f+"\n", append([]any{time.Since(zzStart).Seconds()}, a...)...)
	}
}
