// Package scale computes docs/scale.md from the synthesized templates and a dated
// list of prices: what a stack costs at rest and by use, which quotas it meets
// first, and how many tasks a rate of events needs.
package scale

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/url"
	"time"
)

// hoursInMonth is what a month has at AWS's own calculator, and secondsInMonth the
// same in seconds.
const (
	hoursInMonth   = 730
	secondsInMonth = hoursInMonth * 3600
)

// Price is a list price in US dollars, without any free tier.
type Price struct {
	// Price is for one Unit.
	Price float64
	Unit  string
	// Page is AWS's page of the price. Those pages load their tables by script; where
	// a stored copy lacked the figure, SeenAt is a page that quotes it.
	Page, SeenAt string
	// Read is the day on which it was looked up, as 2006-01-02.
	Read string
}

// Prices are a region's, by name.
type Prices struct {
	Region string
	Prices map[string]Price
}

//go:embed prices.json
var priceList []byte

// ReadPrices returns the prices of a JSON text; each must have a price above 0, a
// unit, a page and a day. An empty text stands for the list of this package.
func ReadPrices(text []byte) (Prices, error) {
	if len(text) == 0 {
		text = priceList
	}
	var p Prices
	if err := json.Unmarshal(text, &p); err != nil {
		return Prices{}, fmt.Errorf("prices.json: %w; mend the JSON", err)
	}
	for name, price := range p.Prices {
		_, dateless := time.Parse(time.DateOnly, price.Read)
		page, err := url.Parse(price.Page)
		if price.Price <= 0 || price.Unit == "" || err != nil || page.Scheme != "https" || dateless != nil {
			return Prices{}, fmt.Errorf("prices.json: %s: needs a price above 0, a unit, AWS's page and the day as YYYY-MM-DD", name)
		}
	}
	return p, nil
}

// Of returns the price of one unit. A name that isn't in the list is an error of
// this package, and panics.
func (p Prices) Of(name string) float64 {
	price, known := p.Prices[name]
	if !known {
		panic("prices.json has no " + name)
	}
	return price.Price
}
