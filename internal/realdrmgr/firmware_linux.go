package realdrmgr

import (
	"bytes"
	"encoding/binary"
	"os"
)

// Where a call of ibm,suspend-me says that it came, and where it waits for its status.
const (
	firmwareCall   = "/dev/firmware.call"
	firmwareStatus = "/dev/firmware.status"
)

// suspendMe is the code of the call, 64-bit PowerPC, ELF v2 ABI: the caller
// comes through a procedure linkage table, so r12 holds the address of the
// function, and 288 bytes below the stack pointer are ours.
func suspendMe() []uint32 {
	const (
		sysRead, sysWrite, sysOpen, sysClose = 3, 4, 5, 6

		fd, word = -24, -16 // on the stack
		system   = 0x44000002
	)
	// transfer opens a path, moves one word and closes it; the path's displacement is patched below.
	transfer := func(flags, call int16) []uint32 {
		return []uint32{
			addi(3, 12, 0), addi(4, 0, flags), addi(0, 0, sysOpen), system,
			dForm(62, 3, 1, fd), // std r3,fd(r1)
			addi(4, 1, word), addi(5, 0, 4), addi(0, 0, call), system,
			dForm(58, 3, 1, fd), // ld r3,fd(r1)
			addi(0, 0, sysClose), system,
		}
	}
	code := []uint32{dForm(62, 3, 1, word)} // std r3,word(r1): the stream that is suspended
	code = append(code, transfer(int16(os.O_WRONLY), sysWrite)...)
	second := len(code)
	code = append(code, transfer(int16(os.O_RDONLY), sysRead)...)
	code = append(code, dForm(58, 3, 1, word)|2, 0x4e800020) // lwa r3,word(r1); blr
	code[1] |= uint32(4 * len(code))                         //nolint:gosec // a few bytes
	code[second] |= uint32(4*len(code) + len(firmwareCall) + 1)
	return code
}

// addi encodes the addition of a constant to a register, or to 0 in place of register 0.
func addi(rt, ra uint32, d int16) uint32 { return dForm(14, rt, ra, d) }

// dForm encodes an instruction of the D and DS forms: opcode, target, base, displacement.
func dForm(op, rt, ra uint32, d int16) uint32 {
	return op<<26 | rt<<21 | ra<<16 | uint32(uint16(d)) //nolint:gosec // the bits are meant
}

// firmware is a shared object for ppc64le whose rtas_suspend_me(3) of librtas
// tells of the call and waits for its status. It is loaded before librtas, as
// QEMU has no firmware in user mode.
func firmware() []byte {
	const (
		headers = 64 + 3*56
		soname  = 1
		name    = soname + len("firmware.so\x00")
	)
	le := binary.LittleEndian
	strings := []byte("\x00firmware.so\x00rtas_suspend_me\x00")
	text := []byte{}
	for _, w := range suspendMe() {
		text = le.AppendUint32(text, w)
	}
	text = pad(append(text, firmwareCall+"\x00"+firmwareStatus+"\x00"...))

	// One symbol, and so one bucket, behind the null symbol.
	hash := pad(words(1, 2, 1, 0, 0))
	textAt := uint64(headers)
	hashAt := textAt + uint64(len(text))
	symAt := hashAt + uint64(len(hash))
	symbols := make([]byte, 24, 48)
	symbols = le.AppendUint32(symbols, uint32(name))
	symbols = append(symbols, 1<<4|2, 0) // global function, one entry point
	symbols = le.AppendUint16(symbols, 1)
	symbols = le.AppendUint64(symbols, textAt)
	symbols = le.AppendUint64(symbols, uint64(4*len(suspendMe())))
	strAt := symAt + uint64(len(symbols))
	strings = pad(strings)
	dynAt := strAt + uint64(len(strings))
	dynamic := longs(
		14, soname, // DT_SONAME
		4, hashAt, // DT_HASH
		5, strAt, 10, uint64(len(strings)), // DT_STRTAB, DT_STRSZ
		6, symAt, 11, 24, // DT_SYMTAB, DT_SYMENT
		0, 0,
	)
	end := dynAt + uint64(len(dynamic))

	var b bytes.Buffer
	b.Write([]byte{0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	b.Write(le.AppendUint32(le.AppendUint16(le.AppendUint16(nil, 3), 21), 1)) // shared object for PowerPC64
	b.Write(longs(0, 64, 0))
	b.Write(words(2)) // ELF v2 ABI
	for _, h := range []uint16{64, 56, 3, 64, 0, 0} {
		b.Write(le.AppendUint16(nil, h))
	}
	b.Write(append(words(1, 7), longs(0, 0, 0, end, end, 0x10000)...))                   // PT_LOAD
	b.Write(append(words(2, 6), longs(dynAt, dynAt, dynAt, end-dynAt, end-dynAt, 8)...)) // PT_DYNAMIC
	b.Write(append(words(0x6474e551, 6), longs(0, 0, 0, 0, 0, 16)...))                   // PT_GNU_STACK
	for _, part := range [][]byte{text, hash, symbols, strings, dynamic} {
		b.Write(part)
	}
	return b.Bytes()
}

func pad(b []byte) []byte {
	for len(b)%8 != 0 {
		b = append(b, 0)
	}
	return b
}

func words(v ...uint32) (b []byte) {
	for _, w := range v {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return b
}

func longs(v ...uint64) (b []byte) {
	for _, w := range v {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return b
}
