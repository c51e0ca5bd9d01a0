import { expect, test } from 'vitest'
import { murmur3x64 } from './murmur3.ts'

test.each([
  ['', '0000000000000000'],
  ['a', '85555565f6597889'],
  ['photo-1.jpg', 'c6e8d13348be5ade'],
  ['写真.jpg', 'fb7c0eac983707dc'],
  ['0123456789abcdef', '4be06d94cf4ad1a7'],
  // Published with the reference implementation.
  ['The quick brown fox jumps over the lazy dog', 'e34bbc7bbc071b6c'],
])('murmur3-x64-64 of "%s" is %s', (text, hex) => {
  expect(Buffer.from(murmur3x64(Buffer.from(text))).toString('hex')).toBe(hex)
})
