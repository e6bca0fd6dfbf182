package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// PostgresEnv names a PostgreSQL to use instead of starting one: the address
// of a database whose user may create databases.
const PostgresEnv = "KMCR_TEST_POSTGRES"

// cluster is the PostgreSQL of this test process.
var cluster struct {
	once    sync.Once
	address string
	err     error
	life    io.Closer // held: when it is closed the server ends
}

// errNotInstalled says that there is no PostgreSQL to start.
var errNotInstalled = errors.New("PostgreSQL is not installed: apt-get install postgresql, or set " + PostgresEnv)

// Postgres gives the address of a new, empty database on a real PostgreSQL,
// dropped with the test. The first call starts a cluster in a temporary
// folder, reached through a socket there, that ends with the test process
// however that ends. Where none is installed the test is skipped, loudly.
func Postgres(t testing.TB) string {
	t.Helper()
	cluster.once.Do(func() {
		if cluster.address = os.Getenv(PostgresEnv); cluster.address == "" {
			cluster.address, cluster.err = startCluster("-c fsync=off -c full_page_writes=off")
		}
	})
	if errors.Is(cluster.err, errNotInstalled) {
		t.Skip("SKIPPED, NOT PROVED ON POSTGRESQL: " + cluster.err.Error())
	}
	if cluster.err != nil {
		t.Fatal(cluster.err)
	}
	name := "kmcr_" + strings.ToLower(rand.Text())
	administer(t, "create database "+name)
	t.Cleanup(func() { administer(t, "drop database if exists "+name+" with (force)") })
	address, err := url.Parse(cluster.address)
	if err != nil {
		t.Fatal(err)
	}
	address.Path = "/" + name
	return address.String()
}

func administer(t testing.TB, text string) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), cluster.address)
	if err == nil {
		_, err = conn.Exec(context.Background(), text)
		err = errors.Join(err, conn.Close(context.Background()))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// life runs the server until standard input ends, which it does when the test
// process has gone, and clears away what it left.
const life = `"$1/postgres" -D "$2/data" -c listen_addresses= -c unix_socket_directories="$2" -c max_connections=300 -c shared_buffers=128MB $3 &
cat > /dev/null
kill -INT $!
wait $!
rm -rf "$2"`

// StartPostgres starts a PostgreSQL of this process's own, which syncs every commit, and gives the address of its database.
// It ends with the process. An error says what to install where there is none.
func StartPostgres() (address string, err error) { return startCluster("") }

func startCluster(settings string) (address string, err error) {
	bin, err := findBin()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "kmcr-postgres-")
	if err != nil {
		return "", err
	}
	as, err := asPostgres(dir)
	if err != nil {
		return "", err
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return "", err
	}
	defer log.Close()
	run := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.SysProcAttr, cmd.Stdout, cmd.Stderr = dir, as, log, log
		return cmd
	}
	if err := run(filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync").Run(); err != nil {
		return "", fmt.Errorf("initdb failed, see %s: %w", log.Name(), err)
	}
	server := run("/bin/sh", "-c", life, "sh", bin, dir, settings)
	if cluster.life, err = server.StdinPipe(); err != nil {
		return "", err
	}
	if err := server.Start(); err != nil {
		return "", err
	}
	address = "postgres:///postgres?" + url.Values{"host": {dir}, "user": {"postgres"}}.Encode()
	return address, answering(address, log.Name())
}

// findBin finds the newest installed server.
func findBin() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) > 0 {
		return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return release(a) - release(b) })), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", errNotInstalled
	}
	return filepath.Dir(path), nil
}

func release(path string) int {
	n, _ := strconv.Atoi(strings.Split(path, "/")[4])
	return n
}

// asPostgres makes the server run as the postgres account where the tests run as root, which it refuses to be.
func asPostgres(dir string) (*syscall.SysProcAttr, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, errNotInstalled
	}
	uid, _ := strconv.Atoi(account.Uid)
	gid, _ := strconv.Atoi(account.Gid)
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, os.Chown(dir, uid, gid)
}

// answering waits until the server takes connections.
func answering(address, log string) error {
	var err error
	for range 300 {
		var conn *pgx.Conn
		if conn, err = pgx.Connect(context.Background(), address); err == nil {
			return conn.Close(context.Background())
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("the server does not answer, see %s: %w", log, err)
}
