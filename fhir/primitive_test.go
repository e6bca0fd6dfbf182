package fhir

import (
	"strings"
	"testing"
)

func TestPrimitiveFormats(t *testing.T) {
	for _, c := range []struct{ name, good, bad string }{ // separated by |
		{"integer", "0|1|-1|2147483647|-2147483648", "01|-0|1.0|1e3|2147483648|-2147483649|99999999999|+1|-"},
		{"unsignedInt", "0|1|2147483647", "-1|01|2147483648"},
		{"positiveInt", "1|2147483647", "0|-1|01"},
		{"code", "a|a b|final|<=", " a|a |a  b|a\tb c "},
		{"id", "a|A-1.b|" + strings.Repeat("x", 64), "a b|a_b|é|" + strings.Repeat("x", 65)},
		{"uri", "http://x|urn:x|x|é", "a b|a\nb"},
		{"oid", "urn:oid:1.2.3|urn:oid:2.0|urn:oid:0.1.22", "urn:oid:1|urn:oid:1.|urn:oid:3.1|urn:oid:1.02|oid:1.2|urn:oid:1..2|urn:oid:"},
		{"uuid", "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "urn:uuid:c757873d|c757873d-ec9a-4326-a141-556f43239520|urn:uuid:c757873d-ec9a-4326-a141-556f4323952g|urn:uuid:c757873dxec9a-4326-a141-556f43239520"},
		{"base64Binary", "QQ==|QUI=|QUJD|QU\nJD|AA+/", "Q|QQ=|=QQ=|QQ==QQ==|QQ%%|===="},
		{"date", "2024|2024-02|2024-02-29|0001", "0000|24|2024-2|2024-13|2024-00|2023-02-29|1900-02-29|2024-04-31|2024-01-00|2024/01/01|2024-01-01T00:00:00Z|2024-01-1"},
		{"dateTime", "2024|2024-02-29|2024-02-29T23:59:60Z|2024-01-01T00:00:00.123456+14:00|2024-01-01T00:00:00-05:30", "2024-01-01T00:00Z|2024-01-01T00:00:00|2024-01-01T24:00:00Z|2024-01-01T00:00:00.Z|2024-01-01T00:00:00+14:01|2024-01-01T00:00:00+1:00|2024-01-01 00:00:00Z|2024-01-01T00:60:00Z|2024-02-30T00:00:00Z|2024T00:00:00Z"},
		{"instant", "2024-02-29T23:59:59Z|2024-02-29T23:59:59.1+01:00", "2024|2024-02-29|2024-02-29T23:59:59"},
		{"time", "00:00:00|23:59:59.9", "24:00:00|10:00|10:00:00Z|10:00:00."},
		{"string", "a|a\tb\nc\r|é😀", "\x01|a\x00"},
		{"decimal", "1", ""},
	} {
		kind := primitiveKinds[c.name]
		for _, s := range strings.Split(c.good, "|") {
			if wrong := kind.wrong([]byte(s)); wrong != "" {
				t.Errorf("%s %q: %s", c.name, s, wrong)
			}
		}
		for _, s := range strings.Split(c.bad, "|") {
			if kind.wrong([]byte(s)) == "" {
				t.Errorf("%s %q is let pass", c.name, s)
			}
		}
	}
	if kindString.wrong([]byte(strings.Repeat("é", maxString))) != "" || kindString.wrong([]byte(strings.Repeat("x", maxString+1))) == "" {
		t.Error("the length of a string")
	}
}

func TestNarratives(t *testing.T) {
	for _, good := range []string{
		`<div>a</div>`, ` <div xmlns="http://www.w3.org/1999/xhtml">a<br/>b<p class='x' id="y">&lt;&#160;&#xa0;</p><!-- c --></div> `, `<div/>`, `<div></div >`, `<div>a > b</div>`,
	} {
		if wrong := wrongXHTML([]byte(good)); wrong != "" {
			t.Errorf("%s: %s", good, wrong)
		}
	}
	for _, bad := range []string{
		``, `a`, `<p>a</p>`, `<div>`, `<div>a`, `<div>a</p></div>`, `<div><p>a</div></p>`, `<div>a</div><div>b</div>`, `<div>a</div>b`, `<divx>a</divx>`,
		`<div>a & b</div>`, `<div>&nbsp;</div>`, `<div>&#;</div>`, `<div>&#xg;</div>`, `<div>&</div>`, `<div><script>x</script></div>`, `<div onclick="x">a</div>`,
		`<div><a href=" JavaScript:x">a</a></div>`, `<div class=x>a</div>`, `<div class>a</div>`, `<div class="<">a</div>`, `<div class="a" class="b">x</div>`, `<div class="a"id="b">x</div>`,
		`<div><!-- a -- b --></div>`, `<div><!-- a</div>`, `<div><![CDATA[x]]></div>`, `<div><?x?></div>`, `<div><!DOCTYPE x></div>`, `<div class="a`, `<div `, `<div><`, `<div></`,
		strings.Repeat("<div>", 300) + strings.Repeat("</div>", 300),
	} {
		if wrongXHTML([]byte(bad)) == "" {
			t.Errorf("%s is let pass", bad)
		}
	}
}
