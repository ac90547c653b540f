import Conformance
import Lattice
import LatticeSupport
import MeanField
import Pipeline
import Unaries

/// Everything that can be checked of a kind, by a description of it: `grid:cell=0.5`.
public struct KindCheck: Sendable {
  /// What it is a kind of: `filter`.
  public let noun: String
  /// The description.
  public let description: String
  /// The promises that were looked at.
  public private(set) var report = Conformance.Report()
  /// Of a filter: how near it comes to all pairs.
  public private(set) var accuracies: [Conformance.Accuracy] = []
  /// Of a filter: features that it does not take, and why.
  public private(set) var refusals: [(features: String, reason: String)] = []

  /// A kind by its name: what it is a kind of, and an example.
  public struct Known: Sendable, Hashable {
    /// What it is a kind of.
    public let noun: String
    /// The name.
    public let name: String
    /// A description of one.
    public let example: String
    /// Whether it can be described by its name alone.
    fileprivate let isComplete: Bool

    fileprivate init<Kind: NamedKind>(_ kind: Kind) {
      noun = Kind.noun
      name = kind.name
      example = kind.example
      isComplete = kind.settings.allSatisfy { !$0.isRequired }
    }
  }

  /// Every kind that is registered, filters first.
  public static var known: [Known] {
    FilterKind.registry.all.map { Known($0) } + KernelKind.registry.all.map { Known($0) }
      + CompatibilityKind.registry.all.map { Known($0) } + UnaryKind.registry.all.map { Known($0) }
      + RefinementKind.registry.all.map { Known($0) }
      + LabelFilterKind.registry.all.map { Known($0) }
  }

  /// Checks what a description stands for, over points and a scene that are made for it. Arrays
  /// that it refers to are replaced by numbers of the scene's shape.
  ///
  /// - Parameters:
  ///   - text: a kind's name, or the name with settings; a name alone stands for the kind's example
  ///     where some setting cannot be left out.
  ///   - accuracy: of a filter, the mean |Δ| of K·v/K·1 from all pairs that it has to keep; `nil`
  ///     for what it promises itself.
  ///   - dimensions: of a filter, the features of the points that it is tried with.
  /// - Throws: `InputError` where there is no such kind, or the description cannot be understood.
  public init(_ text: String, accuracy: Double? = nil, dimensions: [Int] = Array(1...9)) throws {
    let name = text.prefix { $0 != ":" }
    let all = Self.known
    guard let known = all.first(where: { $0.name == name }) else {
      throw unknownKind(String(name), of: "kind", among: all.map(\.name))
    }
    noun = known.noun
    description = name.count == text.count && !known.isComplete ? known.example : text
    switch noun {
    case FilterKind.noun:
      let filter = try Description(
        JSONValue(description: description), in: FilterKind.registry)
      let found = Conformance.checkAll(
        try filter.kind.make(filter.settings), dimensions: dimensions, accuracy: accuracy)
      (report, accuracies, refusals) = (found.report, found.accuracies, found.refusals)
    case KernelKind.noun:
      let kernel = try CRFModel.Term(description).kernel
      for scene in Self.scenes where scene.image != nil || !kernel.kind.needsImage {
        report.add(
          try Conformance.check(
            kernel.kernel(on: scene.grid, context: Self.context(scene.grid.extents)), over: scene
          ).at("\(scene.grid)"))
      }
    case CompatibilityKind.noun:
      report = try Self.check(compatibility: description)
    case UnaryKind.noun:
      let unary = try Description(
        JSONValue(description: description), in: UnaryKind.registry)
      let scene = Self.scenes[0]
      report = try Conformance.check(
        unary: { _ in try unary.kind.make(unary.settings, Self.context(scene.grid.extents)) },
        over: scene)
    default:
      let scene = Self.scenes[0]
      let plan = try PreparedPlan(
        Plan([description]), context: Self.context(scene.grid.extents))
      for refinement in plan.refinements {
        report.add(try Conformance.check(refinement, over: scene))
        // A CRF's kernels have no end: what lies beyond three bandwidths counts for more in ten
        // updates. A thousandth is what other tails are allowed.
        if !description.contains(RefinementKind.crf.name) {
          report.add(try Conformance.checkReach(of: refinement, tolerance: 1e-3))
        }
      }
      for filter in plan.labelFilters { report.add(try Conformance.check(filter, over: scene)) }
    }
  }

  /// A compatibility is described as a part of a term.
  private static func check(compatibility text: String) throws -> Conformance.Report {
    let labels = 3
    var parts = "gaussian:spatial=3,compatibility=" + text
    if KernelKind.registry.names.contains(String(text.prefix { $0 != ":" })) {
      // A term, as examples have it.
      parts = text
    } else if let colon = parts.lastIndex(of: ":"), parts.firstIndex(of: ":") != colon {
      parts.replaceSubrange(colon...colon, with: ",")
    }
    let compatibility = try CRFModel.Term(parts).compatibility
    // Numbers for labels, or for pairs of them: the first shape that is taken.
    func make(_ shape: [Int]) throws -> any LabelCompatibility {
      try compatibility.kind.make(compatibility.settings, context(shape))
    }
    let made =
      try [[labels], [labels, labels]].lazy.compactMap { shape in
        (try? make(shape)).flatMap { made in
          (try? made.factors(labelCount: labels)).map { _ in made }
        }
      }.first ?? make([labels])
    return try Conformance.check(made, labelCounts: [labels])
  }

  /// Whether all promises are kept.
  public var isKept: Bool { report.isKept }
}

extension KindCheck {
  /// A picture in red, green and blue first, then points without an image.
  private static let scenes: [Scene] = {
    func scene(_ extents: [Int], channels: Int) -> Scene {
      do {
        let grid = try GridShape(extents)
        guard channels > 0 else { return Scene(grid: grid) }
        var generator = SeededGenerator(seed: 12)
        let width = grid.width
        let values = (0..<grid.count).flatMap { point in
          (0..<channels).map { channel -> UInt8 in
            let part = (point % width + point / width / 2) * 2 > width ? 60 : 170
            return UInt8(part + 20 * channel + Int(20 * generator.uniform()))
          }
        }
        return Scene(try Image(grid: grid, channels: channels, pixels: .bytes(values)))
      } catch {
        preconditionFailure("a scene of \(extents) was refused: \(error)")
      }
    }
    return [scene([18, 24], channels: 3), scene([18, 24], channels: 0)]
  }()

  /// What descriptions refer to: numbers of a shape, whatever they are called.
  private static func context(_ shape: [Int]) -> DescriptionContext {
    var context = DescriptionContext.none
    context.array = { _ in
      try NumericArray(
        shape: shape, values: (0..<shape.reduce(1, *)).map { Float($0 / 30) })
    }
    return context
  }
}
