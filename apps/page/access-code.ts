const STORAGE_KEY = 'coopmesh.token'

/**
 * The access code: from the address (`#token=…`, which is then cleaned, so that it does not end up in
 * bookmarks and screenshots) or from an earlier visit. Null when there is none.
 */
export function takeAccessCode(): string | null {
  const fragment = new URLSearchParams(location.hash.slice(1))
  const token = fragment.get('token')
  if (token !== null) {
    history.replaceState(null, '', location.pathname + location.search)
    if (token.trim() !== '') keepAccessCode(token.trim())
  }
  try {
    return localStorage.getItem(STORAGE_KEY)
  } catch {
    return token // Storage is switched off: the code lasts as long as the page.
  }
}

/** Remembers a code in this browser. */
export function keepAccessCode(token: string): void {
  try {
    localStorage.setItem(STORAGE_KEY, token)
  } catch {
    // Storage is switched off: people paste the code again next time.
  }
}

/** The code in what people paste: the code itself, or the whole link that the node printed. */
export function accessCodeFrom(pasted: string): string {
  const text = pasted.trim()
  const at = text.indexOf('#token=')
  return at < 0 ? text : decodeURIComponent(text.slice(at + '#token='.length))
}

/** Forgets the code. */
export function forgetAccessCode(): void {
  try {
    localStorage.removeItem(STORAGE_KEY)
  } catch {
    // Nothing was kept.
  }
}
