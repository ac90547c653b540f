import Formats
import Foundation
import Lattice
import LatticeSupport
import MeanField
import Testing
import Unaries

/// One case of the dense CRF fixtures: inputs, runs and what other programs made of them.
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

  /// One set of parameters.
  package struct Run: Decodable, Sendable {
    package let id: String
    package let kernels: [AnyJSON]
    private let iterations: AnyJSON
    package let selfTerm: String?
    package let expected: AnyJSON
    package let tolerance: AnyJSON

    /// How many updates the run takes.
    package var updates: Int { Int(iterations.number ?? 0) }

    enum CodingKeys: String, CodingKey {
      case id, kernels, iterations, expected, tolerance
      case selfTerm = "self_term"
    }
  }

  package var testDescription: String { id }

  /// Every case of the given kinds; none where the fixtures are absent.
  package static func all(ofKind kinds: String...) -> [GoldenCase] {
    let folder = Shared.fixture("crf")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.sorted().compactMap { name in
      guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)/case.json") else {
        return nil
      }
      do {
        let golden = try JSONDecoder().decode(GoldenCase.self, from: data)
        return kinds.contains(golden.kind) ? golden : nil
      } catch {
        fatalError("\(name)/case.json: \(error)")
      }
    }
  }

  package func path(_ file: String) -> String { Shared.fixture("crf/\(id)/\(file)") }

  package func array(_ file: String) throws -> NumericArray { try NPY.read(path(file)) }

  package func input(_ name: String) throws -> NumericArray { try array(inputs[name] ?? name) }

  /// The grid of points; a line of them where the case has only features.
  package func grid() throws -> GridShape {
    if let shape { return try GridShape(shape) }
    if let width, let height { return GridShape(width: width, height: height) }
    return try GridShape([n ?? 0])
  }

  /// The scene: the image where there is one.
  package func scene() throws -> Scene {
    if let image = inputs["image"] { return Scene(try ImageFile.read(path(image))) }
    let grid = try grid()
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
  /// The unary energies: stored, or made from the annotation by the case's rule.
  package func unary() throws -> EnergyField {
    if let file = inputs["unary"] {
      let array = try array(file)
      return try EnergyField(grid: grid(), labelCount: array.shape[0], planes: array.values)
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
    try array(run.expected[key].string ?? "")
  }
}
