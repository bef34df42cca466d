// Package powerha is the typed client of PowerHA SystemMirror, CAA, RSCT and
// AIX: command → bytes → model.
//
// Each command has one file with a pure parser. A parser takes any run of
// white space, keeps what it does not know as unknown beside the raw text,
// lets a bad line cost that line alone, and goes by keywords, never by English
// sentences. Nothing here decides anything.
package powerha
