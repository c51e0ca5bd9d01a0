import { expect, test } from 'vitest'
import { crc32c, findChecksum, maskedCrc32c } from './crc32c.ts'

test('the checksums are those of RFC 3720', () => {
  const ascending = Uint8Array.from({ length: 32 }, (_, i) => i)
  const sums = [new Uint8Array(32), new Uint8Array(32).fill(255), ascending, Buffer.from('123456789')].map(
    crc32c,
  )
  expect(sums.map((it) => it.toString(16))).toEqual(['8a9136aa', '62a8ab43', '46dd794e', 'e3069283'])
})

test('a length that is no multiple of eight is summed to its end', () => {
  const bytes = Uint8Array.from({ length: 23 }, (_, i) => i * 11)
  const sums = Array.from({ length: 24 }, (_, length) => crc32c(bytes.subarray(0, length)))
  expect(new Set(sums).size).toBe(24)
})

test('the end of a block is found by its checksum', () => {
  const content = Uint8Array.from([...new Uint8Array(300).fill(7), 0])
  const bytes = new Uint8Array(content.length + 4 + 50).fill(1)
  bytes.set(content)
  new DataView(bytes.buffer).setUint32(content.length, maskedCrc32c(content), true)
  expect(findChecksum(bytes, 0)).toBe(content.length)
  bytes[100] = 8
  expect(findChecksum(bytes, 0)).toBeNull()
})
