package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/mooring-care/mooring/internal/app"
)

type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Say whether an entry of AUDIT was changed, taken out, moved or put in."`
}

type auditVerifyCmd struct {
	Clinic  string `help:"The clinic's id; without it every clinic."`
	Earlier string `placeholder:"FILE" type:"path" help:"What --json printed at an earlier time, kept where whoever writes to the store cannot: shows that old entries were written anew, too."`
	JSON    bool   `name:"json" help:"Print JSON, as docs/audit.md describes it."`
}

// Run verifies AUDIT; what is wrong ends it with 1.
func (c auditVerifyCmd) Run(ctx context.Context, io streams) error {
	var earlier *app.AuditCheck
	if c.Earlier != "" {
		text, err := os.ReadFile(c.Earlier)
		if err == nil {
			err = json.Unmarshal(text, &earlier)
		}
		if err != nil {
			return &misuseError{fmt.Sprintf("--earlier takes what `mooring audit verify --json` printed: %v", err)}
		}
	}
	op, err := openOperator(ctx)
	if err != nil {
		return err
	}
	defer op.Close()
	if c.Clinic != "" {
		if c.Clinic, err = op.Clinic(c.Clinic); err != nil {
			return misuse(err)
		}
	}
	check, err := op.VerifyAudit(ctx, c.Clinic, earlier)
	if err != nil {
		return err
	}
	if c.JSON {
		err = writeJSON(io.out, check)
	} else {
		err = check.WriteText(io.out)
	}
	if err == nil && len(check.Wrong) > 0 {
		err = fmt.Errorf("AUDIT is not what Mooring wrote: %d things are wrong with it", len(check.Wrong))
		if len(check.Wrong) == 1 {
			err = fmt.Errorf("AUDIT is not what Mooring wrote: one thing is wrong with it")
		}
	}
	return err
}
