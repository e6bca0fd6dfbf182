package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"kmcr"
)

//go:embed migrations
var migrations embed.FS

// migration is one numbered step of the tables.
type migration struct {
	number int
	name   string
	text   string
	sum    string
}

// readMigrations lists the steps of a dialect in order; they are numbered 1, 2, 3 without a gap.
func readMigrations(dialect string) ([]migration, error) {
	names, err := fs.Glob(migrations, path.Join("migrations", dialect, "*.sql"))
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var all []migration
	for i, name := range names {
		text, err := migrations.ReadFile(name)
		if err != nil {
			return nil, err
		}
		base := path.Base(name)
		number, err := strconv.Atoi(base[:strings.IndexByte(base+"_", '_')])
		if err != nil || number != i+1 {
			return nil, kmcr.Errorf(kmcr.Fault, "migration %s is not number %d", base, i+1)
		}
		sum := sha256.Sum256(text)
		all = append(all, migration{number, base, string(text), hex.EncodeToString(sum[:])})
	}
	return all, nil
}

// migrate brings the tables up to date on conn. Several processes may start
// together: the first to write does the steps, the others find them done.
func migrate(ctx context.Context, d *dialect, conn *sql.Conn) error {
	all, err := readMigrations(d.name)
	if err != nil {
		return err
	}
	if done, err := migrationsDone(ctx, conn); err == nil && len(done) > 0 {
		if rest, err := outstanding(all, done); err != nil || len(rest) == 0 {
			return err
		}
	}
	if _, err := conn.ExecContext(ctx, d.begin); err != nil {
		return d.fault("the tables cannot be brought up to date", err)
	}
	if err := migrateInside(ctx, d, conn, all); err != nil {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), "rollback")
		return d.fault("the tables cannot be brought up to date", err)
	}
	_, err = conn.ExecContext(ctx, "commit")
	return d.fault("the tables cannot be brought up to date", err)
}

func migrateInside(ctx context.Context, d *dialect, conn *sql.Conn, all []migration) error {
	if d == postgresDialect {
		if _, err := conn.ExecContext(ctx, "select pg_advisory_xact_lock(7236734)"); err != nil {
			return err
		}
	}
	if _, err := conn.ExecContext(ctx, "create table if not exists migration (number integer not null primary key, name text not null, sum text not null)"); err != nil {
		return err
	}
	done, err := migrationsDone(ctx, conn)
	if err != nil {
		return err
	}
	rest, err := outstanding(all, done)
	if err != nil {
		return err
	}
	for _, m := range rest {
		if _, err := conn.ExecContext(ctx, m.text); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		if _, err := conn.ExecContext(ctx, "insert into migration (number, name, sum) values ($1, $2, $3)", m.number, m.name, m.sum); err != nil {
			return err
		}
	}
	return nil
}

// migrationsDone lists the sums of the steps that were taken, in order.
func migrationsDone(ctx context.Context, conn *sql.Conn) (sums []string, err error) {
	rows, err := conn.QueryContext(ctx, "select sum from migration order by number")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var sum string
		if err := rows.Scan(&sum); err != nil {
			return nil, err
		}
		sums = append(sums, sum)
	}
	return sums, rows.Err()
}

// outstanding says which steps are still to be taken, and refuses a database that another version of this program made.
func outstanding(all []migration, done []string) ([]migration, error) {
	if len(done) > len(all) {
		return nil, &kmcr.Error{Kind: kmcr.Unsupported, Message: fmt.Sprintf("the database is at migration %d and this program knows %d", len(done), len(all)), Remedy: "Run the newer program."}
	}
	for i, sum := range done {
		if sum != all[i].sum {
			return nil, &kmcr.Error{Kind: kmcr.Unsupported, Message: "migration " + all[i].name + " was another when this database was made", Remedy: "Run the version of this program that made the database."}
		}
	}
	return all[len(done):], nil
}
