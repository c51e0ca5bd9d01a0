import * as encoding from 'lib0/encoding'

/** For tests: one struct, written exactly as told. Unset parts are left out of the bytes. */
export type HostileStruct = {
  /** Number of the content in Yjs's `contentRefs`; 4 is text, 8 values, 1 deleted. */
  readonly content: number
  readonly body: (encoder: encoding.Encoder) => void
  readonly origin?: readonly [writer: number, clock: number]
  readonly rightOrigin?: readonly [writer: number, clock: number]
  /** Without neighbours only: a root's name, or the id of a parent item. */
  readonly parent?: string | readonly [writer: number, clock: number]
  readonly key?: string
}

/** For tests: an update that need not make sense. */
export type HostileUpdate = {
  readonly writers?: readonly { writer: number; clock: number; structs: readonly HostileStruct[] }[]
  readonly deletes?: readonly { writer: number; ranges: readonly (readonly [number, number])[] }[]
}

/** For tests: V1 bytes of an update that Yjs itself would not write. */
export function hostileUpdate(update: HostileUpdate): Uint8Array {
  return encoding.encode((encoder) => {
    const { writers = [], deletes = [] } = update
    encoding.writeVarUint(encoder, writers.length)
    for (const { writer, clock, structs } of writers) {
      encoding.writeVarUint(encoder, structs.length)
      encoding.writeVarUint(encoder, writer)
      encoding.writeVarUint(encoder, clock)
      for (const struct of structs) writeStruct(encoder, struct)
    }
    encoding.writeVarUint(encoder, deletes.length)
    for (const { writer, ranges } of deletes) {
      encoding.writeVarUint(encoder, writer)
      encoding.writeVarUint(encoder, ranges.length)
      for (const range of ranges) writeId(encoder, range)
    }
  })
}

/** For tests: the body of a text struct. */
export function textBody(text: string): (encoder: encoding.Encoder) => void {
  return (encoder) => encoding.writeVarString(encoder, text)
}

/** For tests: the body of a values struct, of whatever lib0 can write. */
export function valuesBody(...values: readonly encoding.AnyEncodable[]): (encoder: encoding.Encoder) => void {
  return (encoder) => {
    encoding.writeVarUint(encoder, values.length)
    for (const value of values) encoding.writeAny(encoder, value)
  }
}

/** For tests: the body of a deleted, GC or Skip struct. */
export function lengthBody(length: number): (encoder: encoding.Encoder) => void {
  return (encoder) => encoding.writeVarUint(encoder, length)
}

function writeStruct(encoder: encoding.Encoder, struct: HostileStruct): void {
  const { content, origin, rightOrigin, parent, key } = struct
  const flags = (origin ? 0x80 : 0) | (rightOrigin ? 0x40 : 0) | (key === undefined ? 0 : 0x20)
  encoding.writeUint8(encoder, content | flags)
  if (origin) writeId(encoder, origin)
  if (rightOrigin) writeId(encoder, rightOrigin)
  if (parent !== undefined) {
    encoding.writeVarUint(encoder, typeof parent === 'string' ? 1 : 0)
    if (typeof parent === 'string') encoding.writeVarString(encoder, parent)
    else writeId(encoder, parent)
    if (key !== undefined) encoding.writeVarString(encoder, key)
  }
  struct.body(encoder)
}

function writeId(encoder: encoding.Encoder, id: readonly [number, number]): void {
  encoding.writeVarUint(encoder, id[0])
  encoding.writeVarUint(encoder, id[1])
}
