package web

import (
	"github.com/johnfercher/maroto/v2"
	"github.com/johnfercher/maroto/v2/pkg/components/line"
	printing "github.com/johnfercher/maroto/v2/pkg/components/text"
	"github.com/johnfercher/maroto/v2/pkg/config"
	"github.com/johnfercher/maroto/v2/pkg/consts/fontstyle"
	"github.com/johnfercher/maroto/v2/pkg/consts/pagesize"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/props"
	"github.com/johnfercher/maroto/v2/pkg/repository"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
)

// paper is a document to print: headings, paragraphs and tables.
type paper struct{ m core.Maroto }

const printed = "go"

func newPaper(title string) (*paper, error) {
	fonts, err := repository.New().AddUTF8FontFromBytes(printed, fontstyle.Normal, goregular.TTF).AddUTF8FontFromBytes(printed, fontstyle.Bold, gobold.TTF).Load()
	if err != nil {
		return nil, err
	}
	c := config.NewBuilder().WithPageSize(pagesize.A4).WithCustomFonts(fonts).WithDefaultFont(&props.Font{Family: printed, Size: 9}).
		WithLeftMargin(15).WithRightMargin(15).WithTopMargin(15).WithTitle(title, true).WithCreator("Kent and Medway Care Record", true).
		WithPageNumber(props.PageNumber{Pattern: "Page {current} of {total}", Place: props.RightBottom, Family: printed, Size: 8}).Build()
	p := &paper{maroto.New(c)}
	p.m.AddRow(12, printing.NewCol(12, title, props.Text{Size: 16, Style: fontstyle.Bold}))
	return p, nil
}

func (p *paper) heading(s string) {
	p.m.AddRow(10, printing.NewCol(12, s, props.Text{Size: 12, Style: fontstyle.Bold, Top: 4}))
}

func (p *paper) paragraph(s string) {
	p.m.AddRows(printing.NewAutoRow(s, props.Text{Bottom: 2}))
}

// table writes rows under heads; widths are twelfths of the page.
func (p *paper) table(widths []int, heads []string, rows [][]string) {
	p.row(widths, heads, fontstyle.Bold)
	for _, r := range rows {
		p.m.AddRows(line.NewAutoRow())
		p.row(widths, r, fontstyle.Normal)
	}
}

func (p *paper) row(widths []int, cells []string, style fontstyle.Type) {
	cols := make([]core.Col, len(cells))
	for i, c := range cells {
		cols[i] = printing.NewCol(widths[i], c, props.Text{Style: style, Top: 1, Bottom: 1, Right: 2})
	}
	p.m.AddAutoRow(cols...)
}

func (p *paper) bytes() ([]byte, error) {
	d, err := p.m.Generate()
	if err != nil {
		return nil, err
	}
	return d.GetBytes(), nil
}
