import { scalar } from '../kubernetes/json.ts'

/** Powers of the suffixes of a quantity. [Kubernetes, resource.Quantity] */
const SUFFIXES: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}

/** The largest that the API keeps. [resource.Quantity: 2^63 - 1] */
const MOST = 2 ** 63

/** A quantity such as "250m", "64Mi" or 2, in CPUs or bytes; 0 for anything else. */
export function parseQuantity(value: unknown): number {
  const [, number, suffix = ''] =
    /^\+?(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)([numkMGTPE]|[KMGTPE]i)?$/.exec(scalar(value)) ?? []
  return number === undefined ? 0 : Math.min(Number(number) * (SUFFIXES[suffix] ?? 0), MOST)
}
