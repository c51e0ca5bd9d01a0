/**
 * Names requests, so that one whose answer was lost is not written twice: the same request keeps its id until it has
 * been answered; another one gets another id.
 */
export class RequestId {
  #request = ''
  #id = ''

  /** 32 hexadecimal digits for this request. */
  of(request: unknown): string {
    const text = JSON.stringify(request)
    if (text !== this.#request) {
      this.#request = text
      // randomUUID is missing where the page is not on https or localhost.
      this.#id = Array.from(crypto.getRandomValues(new Uint8Array(16)), (it) =>
        it.toString(16).padStart(2, '0'),
      ).join('')
    }
    return this.#id
  }

  /** The last request is written: asking for the same again is another request. */
  done(): void {
    this.#request = ''
  }
}
