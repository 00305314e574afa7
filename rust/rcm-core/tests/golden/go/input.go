// Package depot keeps parcels until somebody collects them.
package depot

import (
	"errors"
	"fmt"

	clock "example.org/time"
)

// MaxWeight is in grams.
const MaxWeight = 31_500

const (
	// Waiting parcels lie on a shelf.
	Waiting State = iota
	OnTheWay
	Done, Lost = 7, 8
)

// State of a parcel.
type State int

var (
	// ErrFull is returned when no shelf is free.
	ErrFull = errors.New("depot: full")
	shelves map[string]*Shelf
)

var defaultClock = clock.New()
var _ Store = (*Depot)(nil)

// Parcel is what people send.
type Parcel struct {
	ID     string
	weight int
	a, b   bool
	State
	Inner struct {
		Label string
	}
}

// Store keeps things.
type Store interface {
	fmt.Stringer
	// Put adds a parcel.
	Put(p Parcel) error
	Get(id string) (*Parcel, error)
}

type (
	// Shelf is one row of places.
	Shelf struct{ free int }
	Handler func(p Parcel) error
	Names = []string
)

type Pair[K comparable, V any] struct {
	Key   K
	Value V
}

// Depot is a Store in memory.
type Depot struct{ parcels map[string]Parcel }

// New makes an empty depot.
func New() *Depot {
	return &Depot{parcels: make(map[string]Parcel)}
}

// Put adds a parcel; it fails when the depot is full.
func (d *Depot) Put(p Parcel) error {
	if len(d.parcels) > MaxWeight {
		return fmt.Errorf("put %s: %w", p.ID, ErrFull)
	}
	d.parcels[p.ID] = p
	notify := func() { log(p.ID) }
	notify()
	return nil
}

func (d Depot) String() string { return "depot" }

// Map applies f to every value.
func Map[T, U any](in []T, f func(T) U) []U {
	out := make([]U, 0, len(in))
	for _, v := range in {
		out = append(out, f(v))
	}
	return out
}

func größe(p Parcel) int { return p.weight }

// implemented in assembly
func sum(data []byte) uint32

func init() {
	shelves = nil
}
