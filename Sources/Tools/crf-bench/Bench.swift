import Lattice
import LatticeSupport
import MeanField
import Unaries

/// One configuration, run again and again on the same arrays.
struct Bench {
  let image: Image
  /// L × H × W.
  let energies: [Float]
  let labelCount: Int
  let terms: [PairwiseTerm]
  let backend: any FilterBackend
  let parallelism: Parallelism
  let iterations: Int
  let solver: Solver

  init(
    image: Image, energies: [Float], labelCount: Int, parameters: String,
    backend: any FilterBackend, threads: Int, iterations: Int, solver: Solver
  ) throws {
    let numbers = parameters.split(separator: ",").compactMap { Float($0) }
    guard numbers.count == 5, threads >= 1 else {
      throw InputError(
        .usage, at: "--parameters", "'\(parameters)' is not W1,SA,SB,W2,SG",
        remedy: "give five numbers, such as 10,80,13,3,3")
    }
    self.image = image
    self.energies = energies
    self.labelCount = labelCount
    terms = [
      PairwiseTerm(SpatialGaussianKernel(sigma: Bandwidths(numbers[4])), weight: numbers[3]),
      PairwiseTerm(
        BilateralKernel(
          spatialSigma: Bandwidths(numbers[1]), colorSigma: Bandwidths(numbers[2])),
        weight: numbers[0]),
    ]
    self.backend = backend
    parallelism = Parallelism(threads: threads)
    self.iterations = iterations
    self.solver = solver
  }

  /// What one run took.
  struct Run {
    /// Seconds of each stage.
    var seconds: [String: Double]
    var footprint: DenseCRF.Footprint?
  }

  /// From energies in file order to marginals in file order.
  func run() throws -> Run {
    let clock = ContinuousClock()
    var seconds: [String: Double] = [:]
    let start = clock.now
    var last = start
    func mark(_ stage: String) {
      let now = clock.now
      seconds[stage] = (now - last) / .seconds(1)
      last = now
    }
    let field = try EnergyField(
      grid: image.grid, labelCount: labelCount, planes: energies, parallelism: parallelism)
    mark("unary")
    let crf = try DenseCRF(
      scene: Scene(image), unary: consume field, terms: terms, backend: backend,
      parallelism: parallelism)
    mark("filters")
    let footprint = crf.footprint
    let filters = FilterWatch(crf)
    let marginals = (consume crf).infer(
      InferenceOptions(iterations: iterations, solver: solver))
    try filters.check()
    mark("inference")
    let planes = AlignedBuffer<Float>(uninitialized: energies.count)
    marginals.values.writePlanes(to: planes.base, parallelism: parallelism)
    mark("output")
    seconds["total"] = (last - start) / .seconds(1)
    return Run(seconds: seconds, footprint: footprint)
  }
}
