package app

import (
	"fmt"
	"strings"

	"github.com/mooring-care/mooring/workflows"
	"github.com/mooring-care/mooring/workflows/graph"
)

// Graph is the picture of a workflow, found as Simulate finds one: by the path of its
// file or by its name. clinicDir is the folder of one clinic, whose policies and
// people it names; empty means the folder around the workflow's file, or else the
// embedded sample.
func Graph(workflow, clinicDir string) (*graph.Chart, error) {
	t, err := openTrial(workflow, clinicDir)
	if err != nil {
		return nil, err
	}
	chart := graph.Of(t.workflow, graphWords(t.clinic))
	// Where it is tried, every workflow counts as approved.
	own, err := workflows.ReadWorkflow(t.file, t.src)
	if err != nil {
		return nil, err
	}
	chart.Draft = own.Approved == nil
	return chart, nil
}

func graphWords(c *workflows.Clinic) graph.Words {
	return graph.Words{
		Mail:     templateWords,
		Question: questionWords,
		Person:   func(owner string) string { return ownerWords(c, owner) },
		Policy:   func(id string) []string { return policyWords(c, id) },
	}
}

// ownerWords says whom an owner's notation means.
func ownerWords(c *workflows.Clinic, owner string) string {
	kind, name, _ := strings.Cut(owner, ":")
	switch kind {
	case "assigned":
		return "the assigned clinician"
	case "cover":
		return "whoever stands in for them"
	case "task-owner":
		return ownerWords(c, c.TaskOwner)
	case "role":
		return "the role “" + name + "”"
	case "rota":
		return "whoever is on the rota “" + name + "”"
	case "person":
		if p := c.Staff.Person(name); p != nil {
			return p.Name
		}
	}
	return orWord(name, owner)
}

// policyWords says how a policy asks, a line for each rung.
func policyWords(c *workflows.Clinic, id string) []string {
	p, ok := c.Policies[id]
	if !ok {
		return nil
	}
	var out []string
	for i, r := range p.Rungs {
		line := fmt.Sprintf("%d. %s: %s", i+1, ownerWords(c, r.Owner), workflows.SpanWords(r.Within))
		var told []string
		for _, other := range r.Inform {
			told = append(told, ownerWords(c, other))
		}
		if len(told) > 0 {
			line += "; told: " + strings.Join(told, ", ")
		}
		out = append(out, line)
	}
	return append(out, "and again, wider, until a person answers")
}
