/** A growing list of bits. */
export class BitList {
  #words = new Uint32Array(4)

  has(index: number): boolean {
    return ((this.#words[index >>> 5] ?? 0) & (1 << (index & 31))) !== 0
  }

  /** Places of the bits that are set, ascending. */
  places(): Uint32Array {
    let count = 0
    for (let bits of this.#words) for (; bits !== 0; bits &= bits - 1) count += 1
    const places = new Uint32Array(count)
    let at = 0
    for (const [word, set] of this.#words.entries())
      for (let bits = set; bits !== 0; bits &= bits - 1) {
        places[at] = word * 32 + 31 - Math.clz32(bits & -bits)
        at += 1
      }
    return places
  }

  /** Sets a bit back. */
  delete(index: number): void {
    const word = index >>> 5
    if (word < this.#words.length) this.#words[word] = (this.#words[word] ?? 0) & ~(1 << (index & 31))
  }

  add(index: number): void {
    const word = index >>> 5
    if (word >= this.#words.length) {
      const larger = new Uint32Array(Math.max(word + 1, this.#words.length * 2))
      larger.set(this.#words)
      this.#words = larger
    }
    this.#words[word] = (this.#words[word] ?? 0) | (1 << (index & 31))
  }
}
