import * as encoding from 'lib0/encoding'
import type { DeleteRange, ParsedUpdate, StructId } from './update-reader.ts'
import { readUpdate } from './update-reader.ts'

/**
 * Writes an update once more under other names: clocks, neighbours and deleted ranges are those of `renamed`, what
 * structs hold is copied as it stands in `bytes`.
 *
 * @param bytes - a V1 update that `readUpdate` takes
 * @param renamed - with the same structs, in the same order
 */
export function renameUpdate(bytes: Uint8Array, renamed: ParsedUpdate): Uint8Array {
  const spans: number[] = []
  readUpdate(bytes, spans)
  return encoding.encode((encoder) => {
    let at = 0
    encoding.writeVarUint(encoder, renamed.writers.length)
    for (const { writer, structs } of renamed.writers) {
      encoding.writeVarUint(encoder, structs.length)
      encoding.writeVarUint(encoder, writer)
      encoding.writeVarUint(encoder, structs[0]?.clock ?? 0)
      for (const { origin, rightOrigin } of structs) {
        const [start = 0, content = 0, end = 0] = spans.slice(at, at + 3)
        at += 3
        encoding.writeUint8(encoder, bytes[start] ?? 0)
        if (origin !== null) writeId(encoder, origin)
        if (rightOrigin !== null) writeId(encoder, rightOrigin)
        encoding.writeUint8Array(encoder, bytes.subarray(content, end))
      }
    }
    writeDeletes(encoder, renamed.deletes)
  })
}

function writeDeletes(encoder: encoding.Encoder, deletes: readonly DeleteRange[]): void {
  const byWriter = Map.groupBy(deletes, (range) => range.writer)
  encoding.writeVarUint(encoder, byWriter.size)
  for (const [writer, ranges] of byWriter) {
    const sorted = disjoint(ranges)
    encoding.writeVarUint(encoder, writer)
    encoding.writeVarUint(encoder, sorted.length)
    for (const { clock, length } of sorted) {
      encoding.writeVarUint(encoder, clock)
      encoding.writeVarUint(encoder, length)
    }
  }
}

/** The same clocks, ascending, none of them twice: two names of one writer may have covered the same ones. */
function disjoint(ranges: readonly DeleteRange[]): DeleteRange[] {
  const sorted: DeleteRange[] = []
  let free = 0
  for (const range of ranges.toSorted((a, b) => a.clock - b.clock)) {
    const clock = Math.max(free, range.clock)
    const end = range.clock + range.length
    if (end <= clock) continue
    sorted.push({ writer: range.writer, clock, length: end - clock })
    free = end
  }
  return sorted
}

function writeId(encoder: encoding.Encoder, id: StructId): void {
  encoding.writeVarUint(encoder, id.writer)
  encoding.writeVarUint(encoder, id.clock)
}

/** An update under other names: `of` gives that of a unit, `shift` what the clocks of a writer's structs lose. */
export function renamed(
  update: ParsedUpdate,
  names: { of(id: StructId): StructId; shift(writer: number): number },
): ParsedUpdate {
  const nameOf = (id: StructId | null): StructId | null => (id === null ? null : names.of(id))
  const writers = update.writers.map(({ writer, structs }) => ({
    writer,
    structs: structs.map((it) => ({
      ...it,
      clock: it.clock - names.shift(writer),
      origin: nameOf(it.origin),
      rightOrigin: nameOf(it.rightOrigin),
    })),
  }))
  const deletes = update.deletes.map(({ writer, clock, length }) => ({
    ...names.of({ writer, clock }),
    length,
  }))
  return { ...update, writers, deletes }
}
