package deploy_test

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/mooring-care/mooring/internal/app"
)

// compose is what these tests read of docker-compose.yml.
type compose struct {
	Services map[string]service `yaml:"services"`
	Volumes  map[string]any     `yaml:"volumes"`
}

type service struct {
	Image       string            `yaml:"image"`
	Build       map[string]string `yaml:"build"`
	Restart     string            `yaml:"restart"`
	ReadOnly    bool              `yaml:"read_only"`
	CapDrop     []string          `yaml:"cap_drop"`
	SecurityOpt []string          `yaml:"security_opt"`
	Environment map[string]string `yaml:"environment"`
	Volumes     []string          `yaml:"volumes"`
	Ports       []string          `yaml:"ports"`
	NetworkMode string            `yaml:"network_mode"`
	StopGrace   string            `yaml:"stop_grace_period"`
	Healthcheck struct {
		Test []string `yaml:"test"`
	} `yaml:"healthcheck"`
	DependsOn map[string]struct {
		Condition string `yaml:"condition"`
		Restart   bool   `yaml:"restart"`
	} `yaml:"depends_on"`
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func readCompose(t *testing.T) compose {
	t.Helper()
	var c compose
	if err := yaml.Unmarshal([]byte(readFile(t, "../docker-compose.yml")), &c); err != nil {
		t.Fatalf("read docker-compose.yml: %v", err)
	}
	for _, name := range []string{"nats", "mailpit", "mooring"} {
		if _, ok := c.Services[name]; !ok {
			t.Fatalf("docker-compose.yml has no service %s", name)
		}
	}
	return c
}

var variable = regexp.MustCompile(`\$\{([A-Z0-9_]+)(:[?-])?([^}]*)\}`)

// interpolate fills variables in as Compose does: ${NAME:?why} must be set,
// ${NAME:-other} need not be.
func interpolate(t *testing.T, text string, env map[string]string) string {
	t.Helper()
	return variable.ReplaceAllStringFunc(text, func(ref string) string {
		m := variable.FindStringSubmatch(ref)
		switch value := env[m[1]]; {
		case value != "":
			return value
		case m[2] == ":-":
			return m[3]
		default:
			t.Fatalf("%s is required and not set", m[1])
			return ""
		}
	})
}

func TestComposeServicesAreConfined(t *testing.T) {
	for name, s := range readCompose(t).Services {
		t.Run(name, func(t *testing.T) {
			if len(s.Healthcheck.Test) < 2 || s.Healthcheck.Test[0] != "CMD" {
				t.Errorf("health check is %q, want a command", s.Healthcheck.Test)
			}
			if !s.ReadOnly {
				t.Error("its root file system can be written")
			}
			if !slices.Equal(s.CapDrop, []string{"ALL"}) {
				t.Errorf("cap_drop is %q, want ALL", s.CapDrop)
			}
			if !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
				t.Error("it may gain privileges")
			}
			if s.Restart == "" {
				t.Error("it stays down after a crash")
			}
			for _, port := range s.Ports {
				if !strings.HasPrefix(port, "127.0.0.1:") {
					t.Errorf("port %s is open to the network", port)
				}
			}
			for _, volume := range s.Volumes {
				// A colon inside ${…} belongs to the variable.
				source, _, _ := strings.Cut(variable.ReplaceAllString(volume, "./$1"), ":")
				if _, named := readCompose(t).Volumes[source]; !named && !strings.HasSuffix(volume, ":ro") {
					t.Errorf("volume %s is neither named nor read-only", volume)
				}
			}
			for other, on := range s.DependsOn {
				if on.Condition != "service_healthy" {
					t.Errorf("it starts before %s is healthy", other)
				}
			}
		})
	}
}

func TestComposeHoldsNoSecret(t *testing.T) {
	secret := regexp.MustCompile(`PASSWORD|KEY|TOKENS|NATS_URL`)
	found := 0
	for name, s := range readCompose(t).Services {
		for key, value := range s.Environment {
			if !secret.MatchString(key) {
				continue
			}
			found++
			if m := variable.FindStringSubmatch(value); m == nil || m[2] != ":?" || m[3] == "" {
				t.Errorf("%s: %s is %q, want ${NAME:?why it is needed}", name, key, value)
			}
		}
	}
	if found < 5 {
		t.Fatalf("looked at %d secrets, expected more", found)
	}
}

func TestComposeImagesMatchTheModules(t *testing.T) {
	services := readCompose(t).Services
	server := required(t, "../go.mod", "github.com/nats-io/nats-server/v2")
	minor := strings.TrimPrefix(server[:strings.LastIndex(server, ".")], "v")
	if want := "nats:" + minor + "-alpine"; services["nats"].Image != want {
		t.Errorf("the NATS image is %s; the embedded server is %s, so want %s", services["nats"].Image, server, want)
	}
	if want := "axllent/mailpit:" + required(t, "../tools/go.mod", "github.com/axllent/mailpit"); services["mailpit"].Image != want {
		t.Errorf("the mailbox image is %s, want %s", services["mailpit"].Image, want)
	}
}

// required reads the version of a module that a go.mod asks for.
func required(t *testing.T, file, module string) string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^\s*(?:require )?` + regexp.QuoteMeta(module) + ` (v[0-9.]+)`).FindStringSubmatch(readFile(t, file))
	if m == nil {
		t.Fatalf("%s does not ask for %s", file, module)
	}
	return m[1]
}

// TestComposeMailStaysLocal: without TLS mail may travel on the loopback alone.
// The mailbox is a guest on Mooring's network and not the other way round:
// what a guest's host loses, the guest loses with it.
func TestComposeMailStaysLocal(t *testing.T) {
	services := readCompose(t).Services
	mooring, mailpit := services["mooring"], services["mailpit"]
	if mailpit.NetworkMode != "service:mooring" {
		t.Errorf("the mailbox's network_mode is %q: it is not on the loopback", mailpit.NetworkMode)
	}
	if mooring.NetworkMode != "" {
		t.Errorf("network_mode is %q: Mooring goes down with another container", mooring.NetworkMode)
	}
	if !mailpit.DependsOn["mooring"].Restart {
		t.Error("the mailbox stays on the network of a Mooring that is gone")
	}
	if mooring.Environment["MOORING_SMTP_HOST"] != "127.0.0.1" {
		t.Errorf("mail goes to %q", mooring.Environment["MOORING_SMTP_HOST"])
	}
	if got, want := mailpit.Environment["MP_SMTP_BIND_ADDR"], "127.0.0.1:"+mooring.Environment["MOORING_SMTP_PORT"]; got != want {
		t.Errorf("the mailbox listens on %q, want %q", got, want)
	}
	if len(mailpit.Ports) != 0 {
		t.Errorf("ports %q: a container on another's network publishes none", mailpit.Ports)
	}
	_, mail, _ := strings.Cut(mailpit.Environment["MP_UI_BIND_ADDR"], ":")
	if !slices.Contains(mooring.Ports, "127.0.0.1:"+mail+":"+mail) {
		t.Errorf("the mailbox shows its mail on %q and no port leads there", mailpit.Environment["MP_UI_BIND_ADDR"])
	}
	operator := newEnv(t)
	for name, address := range map[string]string{"MOORING_HTTP": "MOORING_PUBLIC_URL", "MOORING_STAFF_HTTP": "MOORING_STAFF_URL"} {
		_, port, _ := strings.Cut(mooring.Environment[name], ":")
		if !slices.Contains(mooring.Ports, "127.0.0.1:"+port+":"+port) {
			t.Errorf("%s is %q and no port leads there", name, mooring.Environment[name])
		}
		// What the sign-in link and the mails begin with opens on this machine,
		// with and without what new-env prints.
		for _, env := range []map[string]string{operator, {}} {
			if got, want := interpolate(t, mooring.Environment[address], env), "http://localhost:"+port; got != want {
				t.Errorf("%s is %q, want %q", address, got, want)
			}
		}
	}
}

// TestNewEnvIsEnough: what deploy/new-env prints fills every variable that
// docker-compose.yml requires, each time anew.
func TestNewEnvIsEnough(t *testing.T) {
	first, second := newEnv(t), newEnv(t)
	text := readFile(t, "../docker-compose.yml")
	interpolate(t, text, first)
	if strings.Contains(interpolate(t, readCompose(t).Services["mooring"].Environment["NATS_URL"], first), "$") {
		t.Error("NATS_URL is not filled in")
	}
	for name, value := range first {
		if strings.ContainsAny(value, `"' $`) {
			t.Errorf("%s needs quoting", name)
		}
		if (strings.HasSuffix(name, "PASSWORD") || strings.Contains(name, "KEY") || strings.HasSuffix(name, "TOKENS")) && (second[name] == value || len(value) < 32) {
			t.Errorf("%s is short, or the same twice", name)
		}
	}
	asked := map[string]bool{}
	for _, m := range variable.FindAllStringSubmatch(text, -1) {
		asked[m[1]] = true
	}
	if got, want := slices.Sorted(maps.Keys(first)), slices.Sorted(maps.Keys(asked)); !slices.Equal(got, want) {
		t.Errorf("it prints %q, the services ask for %q", got, want)
	}
}

// TestComposeConfigurationIsAccepted: Mooring reads the environment of its
// service, and knows every variable in it.
func TestComposeConfigurationIsAccepted(t *testing.T) {
	var usage strings.Builder
	if err := app.Usage(&usage); err != nil {
		t.Fatal(err)
	}
	operator := newEnv(t)
	for name, value := range readCompose(t).Services["mooring"].Environment {
		if !regexp.MustCompile(`(?m)^` + name + `\b`).MatchString(usage.String()) {
			t.Errorf("Mooring knows no variable %s", name)
		}
		t.Setenv(name, interpolate(t, value, operator))
	}
	if _, err := app.ReadConfig(); err != nil {
		t.Fatalf("Mooring refuses its configuration: %v", err)
	}
}

// TestStopsAreWaitedFor: Mooring takes up to 25 seconds to stop, and Docker
// kills after ten where nobody says otherwise.
func TestStopsAreWaitedFor(t *testing.T) {
	if got := readCompose(t).Services["mooring"].StopGrace; got != "30s" {
		t.Errorf("stop_grace_period is %q, want 30s", got)
	}
	runs := regexp.MustCompile(`(?m)^docker run .*$`).FindAllString(readFile(t, "README.md"), -1)
	if len(runs) == 0 {
		t.Fatal("README.md runs no container")
	}
	for _, run := range runs {
		if !strings.Contains(run, " --stop-timeout 30 ") {
			t.Errorf("%q is killed before it has stopped", run)
		}
	}
}

func newEnv(t *testing.T) map[string]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "bash", "new-env", "harbour-lane").Output()
	if err != nil {
		t.Fatalf("run new-env: %v", err)
	}
	env := map[string]string{}
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok {
			t.Fatalf("new-env printed a line without =")
		}
		env[name] = value
	}
	return env
}

func TestImageRunsConfined(t *testing.T) {
	text := readFile(t, "Dockerfile")
	final := text[strings.LastIndex(text, "\nFROM "):]
	for _, want := range []string{"USER 65532:65532", "VOLUME /data", `HEALTHCHECK `, `"/mooring", "health"`, `ENTRYPOINT ["/mooring"]`} {
		if !strings.Contains(final, want) {
			t.Errorf("the image lacks %s", want)
		}
	}
	if !strings.Contains(text, "CGO_ENABLED=0") {
		t.Error("the program is not static, and the image has no libraries")
	}
	goMinor := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(readFile(t, "../go.mod"))
	if goMinor == nil || !strings.Contains(text, "FROM golang:"+goMinor[1]+" ") {
		t.Errorf("the image is built with another Go than go.mod's %v", goMinor)
	}
}
