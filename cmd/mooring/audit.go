package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/mooring-care/mooring/internal/app"
)

type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Say whether an entry of AUDIT or ACCESS was changed, taken out, moved or put in."`
	Access auditAccessCmd `cmd:"" help:"List who saw which client when."`
	Export auditExportCmd `cmd:"" help:"Tell the story of one escalation, from its cause to its outcome."`
}

type auditVerifyCmd struct {
	Clinic  string `help:"The clinic's id; without it every clinic."`
	Earlier string `placeholder:"FILE" type:"path" help:"What --json printed at an earlier time, kept where whoever writes to the store cannot: shows that old entries were written anew, too."`
	JSON    bool   `name:"json" help:"Print JSON, as docs/audit.md describes it."`
}

// Run verifies AUDIT and ACCESS; what is wrong ends it with 1.
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
		if _, err = op.Clinic(c.Clinic); err != nil {
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
		err = fmt.Errorf("the record is not what Mooring wrote: %d things are wrong with it", len(check.Wrong))
		if len(check.Wrong) == 1 {
			err = fmt.Errorf("the record is not what Mooring wrote: one thing is wrong with it")
		}
	}
	return err
}

type auditAccessCmd struct {
	Client string `placeholder:"EHR-ID" help:"Who saw this client: the EHR's id."`
	Person string `placeholder:"PERSON" help:"Whom this person saw: an id of clinic.yaml, or operator for the sign-in link of the terminal."`
	Clinic string `help:"The clinic's id; may be left out where there is only one."`
	Since  string `placeholder:"WHEN" help:"A stretch such as 90d, a day, or a time in RFC 3339; without it all there is."`
	JSON   bool   `name:"json" help:"Print JSON, as docs/audit.md describes it."`
}

// Run lists looks.
func (c auditAccessCmd) Run(ctx context.Context, io streams) error {
	if c.Client == "" && c.Person == "" {
		return &misuseError{"name a client with --client, a person with --person, or both"}
	}
	op, err := openOperator(ctx)
	if err != nil {
		return err
	}
	defer op.Close()
	q := app.AccessQuery{EHR: c.Client, Person: c.Person}
	if q.Clinic, err = op.Clinic(c.Clinic); err != nil {
		return misuse(err)
	}
	if q.Since, err = op.Since(q.Clinic, c.Since); err != nil {
		return misuse(err)
	}
	rows, err := op.Access(ctx, q)
	if errors.Is(err, app.ErrUnknownClient) {
		return fmt.Errorf("the clinic %s has no client with the EHR id %s: no event about them was decided on", q.Clinic, c.Client)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(io.out, rows)
	}
	return op.WriteAccess(io.out, q.Clinic, rows)
}

type auditExportCmd struct {
	ID     string `arg:"" name:"escalation-id" help:"Its id, as mooring client show --json and mooring audit access have it."`
	Clinic string `help:"The clinic's id; may be left out where there is only one."`
	By     string `placeholder:"PERSON" help:"Who looks: an id of clinic.yaml. It is written down beside the look."`
	JSON   bool   `name:"json" help:"Print JSON, as docs/audit.md describes it."`
}

// Run exports one escalation; a chain that is not whole ends it with 1.
func (c auditExportCmd) Run(ctx context.Context, io streams) error {
	op, err := openOperator(ctx)
	if err != nil {
		return err
	}
	defer op.Close()
	clinic, err := op.Clinic(c.Clinic)
	if err != nil {
		return misuse(err)
	}
	if err := op.CheckPerson(clinic, c.By); err != nil {
		return misuse(err)
	}
	x, unwritten, err := op.ExportEscalation(ctx, clinic, c.ID, c.By)
	if errors.Is(err, app.ErrUnknownEscalation) {
		return fmt.Errorf("the clinic %s has no escalation %s: no decision speaks of it", clinic, c.ID)
	}
	if err != nil {
		return err
	}
	if unwritten != nil {
		fmt.Fprintln(io.err, "mooring: this look could not be written down:", unwritten)
	}
	if c.JSON {
		err = writeJSON(io.out, x)
	} else {
		err = x.WriteText(io.out)
	}
	if err == nil && !x.Chain.Whole {
		err = errors.New("the record of this client is not what Mooring wrote; mooring audit verify says more")
	}
	return err
}
