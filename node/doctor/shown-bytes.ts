/** Bytes for people: whole MiB. */
export function bytesShort(bytes: number): string {
  return `${Math.floor(bytes / 1_048_576)} MiB`
}
