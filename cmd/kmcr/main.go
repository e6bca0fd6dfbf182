// Command kmcr is the Kent and Medway Care Record: the server and every tool
// of its operators in one binary. This folder holds configuration and wiring,
// one file per command; what the commands do lives in the rooms.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"kmcr"
)

// Exit codes (contract): 0 done, 1 failed, 2 usage, 3 found problems, 4 refused by policy, 5 partly done, 75 try again.
const (
	exitFailed        = 1
	exitUsage         = 2
	exitFoundProblems = 3
	exitRefused       = 4
	exitPartly        = 5
	exitTryAgain      = 75
)

// exit is an error that says which code the command ends with.
type exit struct {
	code int
	err  error
}

func (e exit) Error() string { return e.err.Error() }

// commands is the command line: flags, then environment, then kmcr.json.
type commands struct {
	Settings

	Serve        serveCommand        `cmd:"" help:"Run the care record: pages, FHIR API, HL7 v2 listener."`
	Contributor  contributorCommand  `cmd:"" help:"Source systems that send us statements."`
	Import       importCommand       `cmd:"" help:"Take in files or folders of messages."`
	Status       statusCommand       `cmd:"" help:"What was received, applied, parked, rejected and is waiting, per contributor."`
	Message      messageCommand      `cmd:"" help:"The ledger of messages."`
	Parked       parkedCommand       `cmd:"" help:"Messages that could not be applied: list, show, replay, discard."`
	Token        tokenCommand        `cmd:"" help:"Print a bearer token for an API client, or (demonstration) an account."`
	Organisation organisationCommand `cmd:"" help:"Organisations and whether they have signed the agreement."`
	User         userCommand         `cmd:"" help:"Accounts."`
	Group        groupCommand        `cmd:"" help:"What groups of the OpenID provider stand for."`
	EHR          ehrCommand          `cmd:"" name:"ehr" help:"Systems that may launch the record (SMART App Launch)."`
	Relationship relationshipCommand `cmd:"" help:"Relationships between staff and people."`
	Match        matchCommand        `cmd:"" help:"Identity matching."`
	Check        checkCommand        `cmd:"" help:"Say what would be read from a file and what is wrong with it, keeping nothing."`
	Audit        auditCommand        `cmd:"" help:"Prove or export the audit log."`
	Backup       backupCommand       `cmd:"" help:"Back up the embedded database while it runs: backup FILE; or prove one: backup verify FILE."`
	Restore      restoreCommand      `cmd:"" help:"Make the embedded database from a backup."`
	Sensitive    sensitiveCommand    `cmd:"" help:"Sets of codes that an organisation holds to be sensitive in what its systems send."`
	Retention    retentionCommand    `cmd:"" help:"For how long records are kept, and their destruction."`
	Doctor       doctorCommand       `cmd:"" help:"Check configuration, database, keys, clock and disk."`
}

// Settings are what every command takes.
type Settings struct {
	Database string `default:"sqlite:var/kmcr.db" env:"KMCR_DATABASE" help:"sqlite:PATH or postgres://…"`
	Data     string `default:"var" env:"KMCR_DATA" help:"Folder of keys, audit heads and drop folders."`
	JSON     bool   `name:"json" help:"Answer in JSON."`
}

// streams are where a command writes.
type streams struct {
	out, err io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	code := run(ctx, os.Args[1:], streams{os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// run parses the command line, runs the command and answers its exit code.
func run(ctx context.Context, args []string, s streams) int {
	var c commands
	parser, err := kong.New(&c, kong.Name("kmcr"), kong.Description("The Kent and Medway Care Record."), kong.UsageOnError(),
		kong.Writers(s.out, s.err), kong.Configuration(kong.JSON, "kmcr.json"), kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(s), kong.Bind(&c.Settings))
	if err != nil {
		fmt.Fprintln(s.err, "kmcr:", err)
		return exitUsage
	}
	k, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintln(s.err, "kmcr:", err)
		fmt.Fprintln(s.err, "Run kmcr --help for the commands.")
		return exitUsage
	}
	return explain(s.err, k.Run())
}

// explain writes what a command failed of and what to do, and chooses the exit code.
func explain(w io.Writer, err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintln(w, "kmcr:", err)
	var e *kmcr.Error
	if errors.As(err, &e) && e.Remedy != "" {
		fmt.Fprintln(w, e.Remedy)
	}
	var x exit
	if errors.As(err, &x) {
		return x.code
	}
	switch kmcr.KindOf(err) {
	case kmcr.Refused, kmcr.Unauthenticated:
		return exitRefused
	case kmcr.Unavailable:
		return exitTryAgain
	}
	return exitFailed
}
