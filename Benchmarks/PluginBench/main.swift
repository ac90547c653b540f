import Foundation
import Lattice
import LatticeSupport
import MeanField
import Pipeline
import Unaries

/// Times the same lattice loaded from a shared library and built in, in turns; for
/// `compare_plugins`.
///
/// `plugin-bench LIBRARY WIDTHxHEIGHT LABELS THREADS ROUNDS`: ten updates of DeepLab's two kernels
/// over a made-up picture. Prints medians of the seconds of processors that each stage took, which
/// other programs disturb less than the clock's, and of the ratios.
let arguments = CommandLine.arguments
let numbers = arguments.dropFirst(2).flatMap { $0.split(separator: "x") }.compactMap { Int($0) }
guard arguments.count == 6, numbers.count == 5 else {
  FileHandle.standardError.write(
    Data("plugin-bench LIBRARY WIDTHxHEIGHT LABELS THREADS ROUNDS\n".utf8))
  exit(2)
}
let (width, height, labelCount) = (numbers[0], numbers[1], numbers[2])
let (parallelism, rounds) = (Parallelism(threads: numbers[3]), numbers[4])
try Plugins.load(path: arguments[1])
let loaded = try FilterKind.registry.named("short-lattice").make(
  Settings(FilterKind.registry.named("short-lattice").settings))

// Blobs of colour with some noise, and scores that are noisy.
var generator = SeededGenerator(seed: 3)
let colors: [UInt8] = (0..<3 * width * height).map { index in
  let (y, x) = (index / 3).quotientAndRemainder(dividingBy: width)
  let wave = sin(Double(x) / 23 + Double(index % 3)) + cos(Double(y) / 31)
  return UInt8(max(0, min(255, 128 + 50 * wave + 12 * Double(generator.uniform()))))
}
let image = try Image(width: width, height: height, rgb: colors)
let energies = (0..<labelCount * width * height).map { _ in 3 * generator.uniform() }
let terms = [
  PairwiseTerm(SpatialGaussianKernel(sigma: 3), weight: 3),
  PairwiseTerm(BilateralKernel(spatialSigma: 60, colorSigma: 10), weight: 4),
]

/// Of all threads.
func seconds() -> Double { Double(clock()) / Double(CLOCKS_PER_SEC) }

/// Seconds of the filters and of the inference, and the marginals.
func run(_ backend: any FilterBackend) throws -> (filters: Double, inference: Double, [Float]) {
  let field = try EnergyField(grid: image.grid, labelCount: labelCount, planes: energies)
  let start = seconds()
  let crf = try DenseCRF(
    scene: Scene(image), unary: field, terms: terms, backend: backend, parallelism: parallelism)
  let middle = seconds()
  let marginals = crf.marginals(iterations: 10)
  let end = seconds()
  if let failure = crf.failure { throw failure }
  return (middle - start, end - middle, marginals.values.rows())
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

let direct = DirectBackend()
let isSame = try run(direct).2 == run(loaded).2
precondition(isSame, "the same code gives other results")
var times: [[Double]] = [[], [], [], []]
for round in 0..<rounds {
  let first = try round % 2 == 0 ? run(direct) : run(loaded)
  let second = try round % 2 == 0 ? run(loaded) : run(direct)
  let (own, other) = round % 2 == 0 ? (first, second) : (second, first)
  for (index, seconds) in [own.filters, other.filters, own.inference, other.inference].enumerated()
  {
    times[index].append(seconds)
  }
}
for (stage, index) in [("filters", 0), ("inference", 2)] {
  let ratio = median(zip(times[index + 1], times[index]).map { $0 / $1 })
  print(
    String(
      format: "%@: built in %.4f s, loaded %.4f s, ratio %.3f", stage, median(times[index]),
      median(times[index + 1]), ratio))
}
