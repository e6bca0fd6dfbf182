package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kmcr"
	"kmcr/audit"
	"kmcr/store"
	"kmcr/store/storetest"
)

// thief is somebody with the whole of the database, but not the keys.
type thief struct {
	t  *testing.T
	db *sql.DB
}

func (x thief) do(text string, args ...any) {
	x.t.Helper()
	if _, err := x.db.Exec(text, args...); err != nil {
		x.t.Fatal(err)
	}
}

// row is one row of the audit log or of its heads.
type row []any

func (x thief) read(table string) (all []row) {
	x.t.Helper()
	columns := map[string]int{"audit_entry": 6, "chain": 4, "log_tile": 3, "log_head": 3, "log_cursor": 2}[table]
	rows, err := x.db.Query("select * from " + table + " order by 1, 2")
	if err != nil {
		x.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		r := make(row, columns)
		to := make([]any, columns)
		for i := range r {
			to[i] = &r[i]
		}
		if err := rows.Scan(to...); err != nil {
			x.t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

func (x thief) put(table string, all []row) {
	x.t.Helper()
	x.do("delete from " + table)
	for _, r := range all {
		x.do("insert into "+table+" values ("+strings.TrimSuffix(strings.Repeat("?,", len(r)), ",")+")", r...)
	}
}

// logTables are those of the transparency log.
var logTables = []string{"log_tile", "log_head", "log_cursor"}

// kept is a state of the log that was once the newest.
type kept struct {
	entries, heads []row
	log            map[string][]row
}

func (x thief) now() kept {
	k := kept{x.read("audit_entry"), x.read("chain"), map[string][]row{}}
	for _, table := range logTables {
		k.log[table] = x.read(table)
	}
	return k
}

func (x thief) back(k kept) {
	x.put("audit_entry", k.entries)
	x.put("chain", k.heads)
	x.backLog(k)
}

func (x thief) backLog(k kept) {
	for _, table := range logTables {
		x.put(table, k.log[table])
	}
}

// The log is altered, shortened, put in another order, added to and put back
// to an earlier state, ten thousand times at random: every time it is found,
// and where one entry is the first that does not fit, it is named.
func TestEveryMutationOfTheAuditLogIsFound(t *testing.T) {
	mutations := 10_000
	if testing.Short() {
		mutations = 500
	}
	d := storetest.SQLite(t)
	db := d.Open(t)
	raw, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(d.Address, "sqlite:")+"?_pragma=busy_timeout(10000)&_pragma=synchronous(0)")
	if err != nil {
		t.Fatal(err)
	}
	raw.SetMaxOpenConns(1)
	defer raw.Close()
	x := thief{t, raw}
	const entries = 24
	var history []kept
	for n := range entries {
		e := &audit.Entry{At: time.UnixMicro(int64(1e15 + n*1e6)), Action: "read", Person: kmcr.PersonID(n % 5), Viewer: kmcr.Viewer{Account: "gp"}, Allowed: true, Rule: "registered", Detail: map[string]string{"n": fmt.Sprint(n)}}
		if err := db.AuditNow(context.Background(), e); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Sequence(context.Background()); err != nil {
			t.Fatal(err)
		}
		history = append(history, x.now())
	}
	now := history[entries-1]
	if _, err := db.WriteLog(context.Background(), db.LogFiles()); err != nil {
		t.Fatal(err)
	}
	if n, broken, why, err := db.AuditVerify(context.Background()); err != nil || n != entries || broken != "" {
		t.Fatalf("the log does not fit before it is touched: %d %s %s %v", n, broken, why, err)
	}
	random := rand.New(rand.NewPCG(7, 11))
	for i := range mutations {
		name, first := x.mutate(random, history)
		_, broken, _, err := db.AuditVerify(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if broken == "" {
			t.Fatalf("mutation %d (%s) is not found", i, name)
		}
		if first > 0 && broken != fmt.Sprint("1/", first) {
			t.Fatalf("mutation %d (%s) is said to begin at %s, and begins at 1/%d", i, name, broken, first)
		}
		x.back(now)
	}
	if _, broken, why, err := db.AuditVerify(context.Background()); err != nil || broken != "" {
		t.Errorf("the log as it was does not fit: %s %s %v", broken, why, err)
	}
}

// mutate does one of the things that somebody with the database can do, and answers which entry is the first that does not fit, 0 where none is.
func (x thief) mutate(random *rand.Rand, history []kept) (name string, first int) {
	last := len(history)
	now := history[last-1]
	n := 1 + random.IntN(last)
	flip := func(b []byte) []byte {
		out := append([]byte(nil), b...)
		out[random.IntN(len(out))] ^= byte(1 + random.IntN(255))
		return out
	}
	entry := func(n int) row { return now.entries[n-1] }
	switch random.IntN(19) {
	case 0:
		x.do("update audit_entry set sealed = ? where number = ?", flip(entry(n)[4].([]byte)), n)
		return "a byte of an entry", n
	case 1:
		x.do("update audit_entry set link = ? where number = ?", flip(entry(n)[5].([]byte)), n)
		return "a byte of a link", n
	case 2:
		x.do("update audit_entry set at = at + ? where number = ?", 1+random.IntN(1e9), n)
		return "the time of an entry", n
	case 3:
		x.do("update audit_entry set person = person + ? where number = ?", 1+random.IntN(1e9), n)
		return "the person of an entry", n
	case 4:
		x.do("delete from audit_entry where number = ?", n)
		return "an entry is taken out", n
	case 5:
		x.do("delete from audit_entry where number >= ?", n)
		return "the tail is cut off", n
	case 6: // the tail is cut off, and the head is put back to what it was then
		n = 1 + random.IntN(last-1)
		x.back(history[n-1])
		return "an earlier state is restored", n + 1
	case 7:
		m := 1 + random.IntN(last)
		if m == n {
			m = n%last + 1
		}
		x.do("update audit_entry set sealed = ?, link = ?, at = ?, person = ? where number = ?", entry(m)[4], entry(m)[5], entry(m)[2], entry(m)[3], n)
		x.do("update audit_entry set sealed = ?, link = ?, at = ?, person = ? where number = ?", entry(n)[4], entry(n)[5], entry(n)[2], entry(n)[3], m)
		return "two entries change places", min(m, n)
	case 8:
		x.do("delete from audit_entry where number = ?", n)
		x.do("update audit_entry set number = number - 1000 where number > ?", n)
		x.do("update audit_entry set number = number + 999 where number < 0")
		return "an entry is taken out and the others close up", n
	case 9:
		x.do("insert into audit_entry values (1, ?, ?, ?, ?, ?)", last+1, entry(n)[2], entry(n)[3], entry(n)[4], entry(n)[5])
		return "an entry is added", last + 1
	case 10:
		column := []string{"link", "mac"}[random.IntN(2)]
		x.do("update chain set "+column+" = ?", flip(now.heads[0][map[string]int{"link": 2, "mac": 3}[column]].([]byte)))
		return "the " + column + " of the head", 0
	case 11:
		x.do("update chain set number = ?", random.IntN(2*last)+last+1)
		return "the number of the head", 0
	case 12:
		x.do("delete from chain")
		if random.IntN(2) == 0 {
			x.do("delete from audit_entry")
		}
		return "a whole chain", 0
	case 13:
		x.backLog(history[random.IntN(last-1)])
		return "the transparency log is put back", 0
	case 14:
		tile := now.log["log_tile"][random.IntN(len(now.log["log_tile"]))]
		x.do("update log_tile set data = ? where level = ? and n = ?", flip(tile[2].([]byte)), tile[0], tile[1])
		return "a byte of a tile", 0
	case 15:
		tile := now.log["log_tile"][random.IntN(len(now.log["log_tile"]))]
		data := tile[2].([]byte)
		x.do("update log_tile set data = ? where level = ? and n = ?", data[:random.IntN(len(data))], tile[0], tile[1])
		return "a tile is cut off", 0
	case 16:
		head := flip(now.log["log_head"][0][2].([]byte))
		if random.IntN(2) == 0 {
			x.do("update log_head set size = size + ?", 1+random.IntN(9))
			return "the size of the transparency log", 0
		}
		x.do("update log_head set checkpoint = ?", head)
		return "a byte of the checkpoint", 0
	case 17:
		x.do([]string{"delete from log_tile", "update log_cursor set number = number - 1", "delete from log_cursor", "update log_head set size = 0, checkpoint = x''"}[random.IntN(4)])
		return "a part of the transparency log", 0
	default:
		m := 1 + random.IntN(last)
		if m == n {
			m = n%last + 1
		}
		x.do("update audit_entry set sealed = ? where number = ?", entry(m)[4], n)
		return "an entry is put in place of another", n
	}
}

// The database is put back to an earlier file beside the newer head that is kept with the keys; and the head kept there is altered.
func TestAnOldDatabaseBesideANewHeadIsFound(t *testing.T) {
	d := storetest.SQLite(t)
	path := strings.TrimPrefix(d.Address, "sqlite:")
	say := func(n int) {
		keys, err := store.OpenKeys(d.Dir)
		if err != nil {
			t.Fatal(err)
		}
		db, err := store.Open(context.Background(), d.Address, store.Options{Keys: keys})
		if err != nil {
			t.Fatal(err)
		}
		for range n {
			if err := db.AuditNow(context.Background(), &audit.Entry{Action: "read", Allowed: true, Rule: "registered"}); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	say(5)
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	say(3)
	for _, more := range []string{"-wal", "-shm"} {
		os.Remove(path + more)
	}
	newest, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, old, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, broken, why, err := d.Open(t).AuditVerify(context.Background()); err != nil || broken != "1/6" || !strings.Contains(why, "earlier state") {
		t.Errorf("an old database: %q %q %v", broken, why, err)
	}
	fresh := storetest.Database{Address: "sqlite:" + filepath.Join(t.TempDir(), "kmcr.db"), Dir: d.Dir}
	if err := os.WriteFile(strings.TrimPrefix(fresh.Address, "sqlite:"), newest, 0o600); err != nil {
		t.Fatal(err)
	}
	heads, err := filepath.Glob(filepath.Join(d.Dir, "audit-heads", "*"))
	if err != nil || len(heads) != 1 {
		t.Fatal(heads, err)
	}
	text, err := os.ReadFile(heads[0])
	if err != nil {
		t.Fatal(err)
	}
	text[20] ^= 1
	if err := os.WriteFile(heads[0], text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, broken, why, err := fresh.Open(t).AuditVerify(context.Background()); err != nil || broken == "" || !strings.Contains(why, "kept beside the keys was altered") {
		t.Errorf("an altered head: %q %q %v", broken, why, err)
	}
}
