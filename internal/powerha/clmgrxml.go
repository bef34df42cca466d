package powerha

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// maxDepth is more than any of clmgr's documents nests.
const maxDepth = 32

// element is an element of a document that is not closed yet.
type element struct {
	name string
	text strings.Builder
	object
	parent bool // holds elements itself
}

// parseXML reads `clmgr -x query`, PowerHA 7.2. No document of it is published, so names decide and not the nesting: an
// element that holds attributes, or elements with a text, is an object, and these are its attributes. An object whose end
// is missing was cut, and is left out.
func parseXML(in *input) (objects []object) {
	in.whole(func(string) bool { return true }) // its end tag shows what is whole
	// The lines with NUL bytes are left out, and were counted.
	var doc strings.Builder
	for l := range in.lines() {
		doc.WriteString(l.text)
		doc.WriteByte('\n')
	}
	d := xml.NewDecoder(strings.NewReader(doc.String()))
	d.Strict = false
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // names are ASCII in every charset of AIX
	var open []*element
	for {
		token, err := d.Token()
		if err != nil {
			if len(open) > 0 || !errors.Is(err, io.EOF) {
				n, _ := d.InputPos()
				in.reject(line{n: n, text: in.first()}, "expected XML up to its end tag")
			}
			return objects
		}
		switch t := token.(type) {
		case xml.StartElement:
			if len(open) >= maxDepth {
				n, _ := d.InputPos()
				in.reject(line{n: n, text: t.Name.Local}, "expected no deeper nesting")
				return objects
			}
			if len(open) > 0 {
				open[len(open)-1].parent = true
			}
			open = append(open, newElement(d, t))
		case xml.CharData:
			if len(open) > 0 {
				open[len(open)-1].text.Write(t)
			}
		case xml.EndElement:
			if len(open) == 0 {
				continue
			}
			e := open[len(open)-1]
			open = open[:len(open)-1]
			if o, ok := e.closed(open); ok {
				objects = append(objects, o)
			}
		}
	}
}

func newElement(d *xml.Decoder, t xml.StartElement) *element {
	n, _ := d.InputPos()
	e := &element{name: strings.ToUpper(t.Name.Local), object: object{attrs: make(attrs), at: line{n: n, text: "<" + t.Name.Local + ">"}}}
	for _, a := range t.Attr {
		if name := strings.ToUpper(a.Name.Local); isName(name) {
			e.attrs[name] = strings.TrimSpace(a.Value)
		}
	}
	return e
}

// closed gives a leaf to the element around it; an element that has attributes by then is an object.
func (e *element) closed(around []*element) (object, bool) {
	if e.parent || len(e.attrs) > 0 && strings.TrimSpace(e.text.String()) == "" && !e.isPair() {
		return e.object, len(e.attrs) > 0
	}
	if len(around) == 0 {
		return object{}, false
	}
	name, value := e.name, unquote(e.text.String())
	if e.isPair() { // <attribute name="STATE" value="STABLE"/>, <attribute name="STATE">STABLE</attribute>
		name = strings.ToUpper(e.attrs["NAME"])
		if v, ok := e.attrs["VALUE"]; ok {
			value = v
		}
	}
	up := around[len(around)-1]
	if _, ok := up.attrs[name]; !ok && isName(name) {
		up.attrs[name] = value
	}
	return object{}, false
}

// isPair: the element tells one attribute by name and value.
func (e *element) isPair() bool {
	switch e.name {
	case "ATTRIBUTE", "ATTR", "PROPERTY", "FIELD":
		return e.attrs["NAME"] != ""
	}
	return false
}
