import Formats
import Foundation
import Lattice
import LatticeSupport
import MeanField
import Testing
import Unaries

/// One dense CRF: inputs, runs and what other programs made of them.
///
/// Some cases come with the project, `Tests/Goldens`; more live beside it, see `Shared`.
package struct GoldenCase: Decodable, Sendable, CustomTestStringConvertible {
  package let id: String
  package let kind: String
  package let labels: Int?
  package let width: Int?
  package let height: Int?
  package let n: Int?
  package let shape: [Int]?
  package let inputs: [String: String]
  package let runs: [Run]
  /// The numbers of updates that marginals are given after, where there are several.
  package let steps: [Int]?
  /// What marginals of 1 are stored as, where they are stored as integers.
  private let scale: Float?
  /// Where the case is.
  private var folder = ""

  enum CodingKeys: String, CodingKey {
    case id, kind, labels, width, height, n, shape, inputs, runs, steps, scale
  }

  /// One set of parameters.
  package struct Run: Decodable, Sendable {
    package let id: String
    package let kernels: [AnyJSON]
    private let iterations: AnyJSON
    package let selfTerm: String?
    package let expected: AnyJSON

    /// How many updates the run takes.
    package var updates: Int { Int(iterations.number ?? 0) }

    enum CodingKeys: String, CodingKey {
      case id, kernels, iterations, expected
      case selfTerm = "self_term"
    }
  }

  package var testDescription: String { id }

  /// The cases of the given kinds that live beside the project; none where they are absent.
  package static func all(ofKind kinds: String...) -> [GoldenCase] {
    all(in: Shared.fixture("crf"), kinds)
  }

  /// The cases of the given kinds that come with the project. `Benchmarks/make_goldens` makes them.
  package static func own(ofKind kinds: String...) -> [GoldenCase] {
    all(in: Shared.projectRoot + "/Tests/Goldens", kinds)
  }

  private static func all(in folder: String, _ kinds: [String]) -> [GoldenCase] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().compactMap { name in
      guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)/case.json") else {
        return nil
      }
      do {
        var golden = try JSONDecoder().decode(GoldenCase.self, from: data)
        golden.folder = "\(folder)/\(name)"
        return kinds.contains(golden.kind) ? golden : nil
      } catch {
        fatalError("\(name)/case.json: \(error)")
      }
    }
  }

  package func path(_ file: String) -> String { "\(folder)/\(file)" }

  /// An array in a file of its own, or in the case's archive.
  package func array(_ file: String) throws -> NumericArray {
    file.contains(".")
      ? try NPY.read(path(file)) : try NPZ.read(path("arrays.npz"), member: file)
  }

  package func input(_ name: String) throws -> NumericArray { try array(inputs[name] ?? name) }

  /// The grid of points; a line of them where the case has only features.
  package func grid() throws -> GridShape {
    if let shape { return try GridShape(shape) }
    if let width, let height { return GridShape(width: width, height: height) }
    return try GridShape([n ?? 0])
  }

  /// The scene: the image where there is one.
  package func scene() throws -> Scene {
    let grid = try grid()
    if let image = inputs["image"] {
      if image.contains(".") { return Scene(try ImageFile.read(path(image))) }
      let bytes = try array(image).values.map { UInt8($0) }
      return Scene(try Image(grid: grid, channels: 3, pixels: .bytes(bytes)))
    }
    guard let name = inputs["intensity"] else { return Scene(grid: grid) }
    return Scene(try intensity(name, grid: grid))
  }

  /// A stack of channels, or one, as a channels-last image.
  private func intensity(_ file: String, grid: GridShape) throws -> Image {
    let array = try array(file)
    let channels = array.values.count / grid.count
    let channelsFirst = array.shape.count > grid.rank && array.shape[0] == channels
    let values = (0..<array.values.count).map { index in
      let (point, channel) = index.quotientAndRemainder(dividingBy: channels)
      return array.values[channelsFirst ? channel * grid.count + point : index]
    }
    return try Image(grid: grid, channels: channels, pixels: .floats(values))
  }

  /// The pairwise terms of a run.
  ///
  /// - Parameter recomputed: makes the features of `sdims` and `schan` instead of reading them.
  package func terms(of run: Run, recomputed: Bool = false) throws -> [PairwiseTerm] {
    try run.kernels.map { kernel in
      PairwiseTerm(
        try self.kernel(kernel, recomputed: recomputed), compatibility: compatibility(kernel),
        normalization: Normalization(rawValue: kernel["normalization"].string ?? "") ?? .symmetric,
        selfTerm: Self.selfTerm(run.selfTerm))
    }
  }

  package func kernel(_ kernel: AnyJSON, recomputed: Bool = false) throws -> any PairwiseKernel {
    switch kernel["type"].string {
    case "gaussian":
      return SpatialGaussianKernel(sigma: Self.bandwidths(kernel["sxy"]))
    case "bilateral":
      return BilateralKernel(
        spatialSigma: Self.bandwidths(kernel["sxy"]), colorSigma: Self.bandwidths(kernel["srgb"]))
    default:
      if recomputed {
        let sigma = Self.bandwidths(kernel["sdims"])
        guard !kernel["schan"].numbers.isEmpty else {
          return SpatialGaussianKernel(sigma: sigma, axisOrder: .gridOrder)
        }
        return BilateralKernel(
          spatialSigma: sigma, colorSigma: Self.bandwidths(kernel["schan"]), axisOrder: .gridOrder)
      }
      // Files hold (d, N); the library takes N × d.
      let array = try array(kernel["features"].string ?? "")
      let (dimensions, points) = (array.shape[0], array.values.count / array.shape[0])
      let rows = (0..<array.values.count).map { index in
        array.values[index % dimensions * points + index / dimensions]
      }
      return try FeatureKernel(rows: rows, dimensions: dimensions)
    }
  }

  private func compatibility(_ kernel: AnyJSON) -> any LabelCompatibility {
    let compat = kernel["compat"]
    switch compat["type"].string {
    case "diagonal": return .diagonal(compat["values"].numbers.map(Float.init))
    case "matrix": return .matrix(compat["values"].elements.flatMap(\.numbers).map(Float.init))
    default: return .potts(Float(compat["weight"].number ?? 0))
    }
  }

  private static func bandwidths(_ value: AnyJSON) -> Bandwidths {
    Bandwidths(value.numbers.map(Float.init))
  }

  private static func selfTerm(_ name: String?) -> SelfTerm {
    switch name {
    case "excluded": .excluded
    case "excluded_before_normalization": .excludedBeforeNormalization
    default: .included
    }
  }
}

extension GoldenCase {
  /// The unary energies: stored, or made from scores, or from the annotation by the case's rule.
  package func unary() throws -> EnergyField {
    if let file = inputs["unary"] {
      let array = try array(file)
      return try EnergyField(grid: grid(), labelCount: array.shape[0], planes: array.values)
    }
    if let file = inputs["logits"] {
      let scores = try ScoreMapUnary(array(file), kind: .logits, layout: .channelsFirst)
      return try scores.energies(for: scene())
    }
    let labelCount = labels ?? 0
    let given = try input("labels")
    let known = try LabelMap(grid: grid(), labels: given.values.map { UInt16($0) })
    let unary = try LabelUnary(known, labelCount: labelCount, confidence: 0.7, unknown: .zeroUnsure)
    return try unary.energies(for: scene())
  }

  /// The CRF of a run.
  ///
  /// - Parameter recomputed: see `terms(of:recomputed:)`.
  package func crf(
    of run: Run, backend: any FilterBackend = .permutohedral(.compatible), recomputed: Bool = false,
    parallelism: Parallelism = .automatic
  ) throws -> DenseCRF {
    try DenseCRF(
      scene: scene(), unary: unary(), terms: terms(of: run, recomputed: recomputed),
      backend: backend, parallelism: parallelism)
  }

  /// What another program made of a run, in the file that the run names `key`.
  package func expected(_ key: String, of run: Run) throws -> NumericArray {
    try marginals(run.expected[key].string ?? "")
  }

  /// What another program made of a run after each number of `steps`.
  package func expectedSteps(of run: Run) throws -> [NumericArray] {
    // What all runs begin with is kept once.
    let start = try marginals("q_start")
    let later = try expected("Q", of: run)
    let size = start.values.count
    return try [start]
      + Swift.stride(from: 0, to: later.values.count, by: size).map {
        try NumericArray(shape: start.shape, values: Array(later.values[$0..<$0 + size]))
      }
  }

  private func marginals(_ file: String) throws -> NumericArray {
    let array = try array(file)
    guard let scale else { return array }
    return try NumericArray(shape: array.shape, values: array.values.map { $0 / scale })
  }
}
