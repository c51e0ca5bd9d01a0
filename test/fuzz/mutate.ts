import type { SeededRandom } from '#simulations/mesh'

/** Heads and values that decoders are fond of getting wrong: CBOR heads, varints at their limits, Yjs info bytes. */
const PIECES: readonly (readonly number[])[] = [
  [0x00],
  [0x18, 0x17],
  [0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x3b, 0x00, 0x20, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00],
  [0x58, 0x20],
  [0x5b, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00],
  [0x9f],
  [0xa1, 0x69, 0x5f, 0x5f, 0x70, 0x72, 0x6f, 0x74, 0x6f, 0x5f, 0x5f],
  [0xf6],
  [0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x80, 0x80, 0x00],
]

/** Another version of `bytes`: a few small changes, drawn from `random`; `others` lend pieces. */
export function mutate(bytes: Uint8Array, others: readonly Uint8Array[], random: SeededRandom): Uint8Array {
  let changed: Uint8Array = bytes.slice()
  for (let left = 1 + random.below(4); left > 0; left -= 1) changed = change(changed, others, random)
  return changed
}

function change(bytes: Uint8Array, others: readonly Uint8Array[], random: SeededRandom): Uint8Array {
  const at = random.below(bytes.length + 1)
  switch (random.below(8)) {
    case 0:
      return set(bytes, at, (value) => value ^ (1 << random.below(8)))
    case 1:
      return set(bytes, at, () => random.below(256))
    case 2:
      return set(bytes, at, (value) => value + (random.below(2) === 0 ? 1 : 255))
    case 3:
      return bytes.slice(0, at)
    case 4:
      return splice(bytes, { at, cut: random.below(9), put: new Uint8Array() })
    case 5:
      return splice(bytes, { at, cut: 0, put: Uint8Array.from(PIECES[random.below(PIECES.length)] ?? []) })
    case 6:
      return splice(bytes, { at, cut: random.below(5), put: random.bytes(random.below(9)) })
    default: {
      const other = others[random.below(others.length)] ?? bytes
      const from = random.below(other.length + 1)
      return splice(bytes, { at, cut: random.below(33), put: other.slice(from, from + random.below(65)) })
    }
  }
}

function set(bytes: Uint8Array, at: number, to: (value: number) => number): Uint8Array {
  if (at < bytes.length) bytes[at] = to(bytes[at] ?? 0) & 0xff
  return bytes
}

function splice(bytes: Uint8Array, edit: { at: number; cut: number; put: Uint8Array }): Uint8Array {
  const { at, cut, put } = edit
  return Uint8Array.from([...bytes.subarray(0, at), ...put, ...bytes.subarray(at + cut)])
}
