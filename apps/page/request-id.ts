/** 32 hexadecimal digits that name one request: what is sent twice under one id is written once. */
export function newRequestId(): string {
  // randomUUID is missing where the page is not on https or localhost.
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (it) => it.toString(16).padStart(2, '0')).join('')
}

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
      this.#id = newRequestId()
    }
    return this.#id
  }

  /** The last request is written: asking for the same again is another request. */
  done(): void {
    this.#request = ''
  }
}
