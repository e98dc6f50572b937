/**
 * What pacman says of a package whose signature it cannot trust with the keyring that is there: its
 * key is missing, or nobody there vouches for it. A newer keyring may know it. Not of these: a
 * signature that is missing, or of another file. [libalpm/signing.c, alpm_sigcheck… and
 * _alpm_process_siglist; src/pacman/callback.c; 7.0.0]
 */
const DISTRUST =
  /: signature from ".*" is (?:unknown trust|marginal trust|expired)$|: key ".*" is (?:unknown|disabled)$|^key ".*" (?:could not be|is unknown)|^required key missing from keyring$|^the keyring lacks a key \(/

/** @param error without "error: " */
export function isDistrust(error: string): boolean {
  return DISTRUST.test(error)
}
