package disclose

import "testing"

// Two ways to write an address are one home where the number and the postcode agree; a postcode alone is no home.
func TestSameHome(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"8 Stour Road, Ashford, TN24 9QR", "8 Stour Rd, TN24 9QR", true},
		{"8 Stour Road, Ashford, TN24 9QR", "8, STOUR ROAD, Ashford, Kent, tn249qr", true},
		{"8 Stour Road, Ashford, TN24 9QR", "9 Stour Road, Ashford, TN24 9QR", false},
		{"8a Stour Road, TN24 9QR", "8 Stour Road, TN24 9QR", false},
		{"8 Stour Road, TN24 9QR", "8 Stour Road, TN24 9QS", false},
		{"Rose Cottage, The Street, TN24 9QR", "Rose Cottage, The Street, TN24 9QR", true},
		{"Rose Cottage, TN24 9QR", "Ivy Cottage, TN24 9QR", false},
		{"TN24 9QR", "TN24 9QR, Ashford", false},
	} {
		if got := sameHome(c.a, c.b); got != c.want || sameHome(c.b, c.a) != got {
			t.Errorf("%q and %q: %v", c.a, c.b, got)
		}
	}
}

func FuzzHomeOf(f *testing.F) {
	for _, s := range []string{"8 Stour Road, Ashford, TN24 9QR", "", ",", "8", "TN24 9QR", "٣ Road, TN24 9QR", "8 , ,TN249QR"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if !sameHome(line, line) {
			t.Errorf("%q is not itself", line)
		}
	})
}
