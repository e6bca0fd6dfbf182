package store

import (
	"context"
	"database/sql"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"kmcr"
)

// poolSize bounds the connections of one process: its writers and its readers.
const poolSize = 20

func (db *DB) openPostgres(ctx context.Context, address string) error {
	db.d = postgresDialect
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return &kmcr.Error{Kind: kmcr.Invalid, Message: "the address of the PostgreSQL database cannot be read", Remedy: "It has the form postgres://user@host:port/database."}
	}
	config.RuntimeParams["application_name"] = "kmcr"
	config.RuntimeParams["timezone"] = "UTC"
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(poolSize)
	pool.SetMaxIdleConns(poolSize)
	db.writers, db.readers = pool, pool
	return db.d.fault("the database cannot be reached", pool.PingContext(ctx))
}

// durable makes a commit mean synced, where the server is set up to answer earlier.
func durable(ctx context.Context, conn *sql.Conn) error {
	var how string
	if err := conn.QueryRowContext(ctx, "show synchronous_commit").Scan(&how); err != nil {
		return err
	}
	if how == "off" || how == "local" {
		_, err := conn.ExecContext(ctx, "set synchronous_commit = on")
		return err
	}
	return nil
}
