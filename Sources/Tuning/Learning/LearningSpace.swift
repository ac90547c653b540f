import LatticeSupport
import MeanField
import Unaries

/// The numbers of a CRF that are learned, and the CRF that they make.
///
/// C of term m is w·μ, with log w, log σ and the entries of μ as parameters. Terms that start with
/// the same μ share it (Krähenbühl & Koltun, ICML 2013, §4).
struct LearningSpace: Sendable {
  /// The model that holds where nothing is learned.
  let base: CRFModel
  /// L.
  let labelCount: Int
  /// What is learned, in the order of a term's weight and bandwidths, then costs.
  let parameters: [LearnedParameter]
  private let terms: [Term]
  private let costs: [Costs]

  private struct Term: Sendable {
    let weight: Number
    let bandwidths: [(candidate: KernelBandwidths.Candidate, number: Number)]
    /// The place of its μ.
    let costs: Int
  }

  /// A number that is learned or stays as it is.
  private struct Number: Sendable {
    /// Its place among the parameters; `nil` where it stays.
    let place: Int?
    let start: Double

    func value(_ numbers: [Double]) -> Double { place.map { exponential(numbers[$0]) } ?? start }
  }

  /// μ, which terms may share.
  private struct Costs: Sendable {
    let start: LearnedCompatibility
    /// The place of its first entry among the parameters; `nil` where it stays.
    var place: Int?
  }

  /// The least weight: a kernel that wants to vanish stops there.
  private static let weights = exponential(-5)...exponential(5)
  private static let costBounds = -10.0...10.0
  /// The narrowest bandwidth of positions, in points: below, no point has a neighbour.
  static let leastSteps = 0.6
  /// The widest bandwidth of positions, in lengths of the image: beyond, positions have no say.
  private static let mostLengths = 5.0
  /// What bandwidths of other features span, of the features' range: 1…255 for colours of 0…255.
  private static let shares = 1.0 / 255...1

  /// - Parameters:
  ///   - base: the model to start from.
  ///   - labelCount: L.
  ///   - wanted: what is learned.
  ///   - kernels: of each term.
  /// - Throws: `InputError` where the model has nothing of the kind, or cannot start.
  init(
    _ base: CRFModel, labelCount: Int, learning wanted: Set<LearnedPart>, kernels: [Kernel]
  ) throws {
    self.base = base
    self.labelCount = labelCount
    var parameters: [LearnedParameter] = []
    var costs: [Costs] = []
    var terms: [Term] = []
    func learned(_ name: String, _ start: Double, _ bounds: ClosedRange<Double>) -> Number {
      let wide = min(bounds.lowerBound, start / 2)...max(bounds.upperBound, 2 * start)
      parameters.append(
        LearnedParameter(name: name, isLogarithm: true, start: start, bounds: wide))
      return Number(place: parameters.count - 1, start: start)
    }
    for (index, term) in base.terms.enumerated() {
      let title = base.title(ofTerm: index)
      let mu = try Self.costs(of: term, labelCount: labelCount, title: title)
      let place = costs.firstIndex { $0.start == mu } ?? costs.count
      if place == costs.count { costs.append(Costs(start: mu)) }
      let given = term.compatibility.weight
      var weight = Number(place: nil, start: given ?? 1)
      if wanted.contains(.weights), let given {
        guard given > 0 else {
          throw InputError(
            .usage, "the weight of '\(title)' is \(given.shortText), but its logarithm is learned",
            remedy: "start with a weight above 0, or leave the term out")
        }
        weight = learned("\(title).weight", given, Self.weights)
      }
      let kernel = kernels[index]
      let bandwidths = try kernel.candidates.enumerated().map { place, candidate in
        let name = "\(title).\(candidate.name)"
        guard wanted.contains(.bandwidths), let range = kernel.ranges[place] else {
          return (candidate, Number(place: nil, start: candidate.value))
        }
        guard let bounds = Self.bounds(range) else {
          throw InputError(
            .data, "the bandwidth '\(name)' divides features that are the same everywhere",
            remedy: "leave the term out, or learn weights alone")
        }
        return (candidate, learned(name, candidate.value, bounds))
      }
      terms.append(Term(weight: weight, bandwidths: bandwidths, costs: place))
    }
    for place in costs.indices where !wanted.isDisjoint(with: [.diagonal, .compatibility]) {
      let first = terms.firstIndex { $0.costs == place } ?? 0
      let title = costs.count == 1 ? "costs" : "\(base.title(ofTerm: first)).costs"
      let start = try costs[place].start.widened(
        toDiagonal: wanted.contains(.diagonal), labelCount: labelCount, title: title)
      costs[place] = Costs(start: start, place: parameters.count)
      for (row, column, value) in start.entries(labelCount: labelCount) {
        parameters.append(
          LearnedParameter(
            name: "\(title)[\(row),\(column)]", isLogarithm: false, start: value,
            bounds: min(
              Self.costBounds.lowerBound, 2 * value)...max(
                Self.costBounds.upperBound, 2 * value)))
      }
    }
    guard !parameters.isEmpty else {
      throw InputError(
        .usage,
        "finds nothing to learn: the model has no \(wanted.map(\.rawValue).sorted().joined(separator: " and no "))",
        remedy: "learn something else, or start from another model")
    }
    (self.parameters, self.terms, self.costs) = (parameters, terms, costs)
  }

  /// What the images say of the kernel of a term.
  struct Kernel {
    let candidates: [KernelBandwidths.Candidate]
    /// What each candidate divides; `nil` for what is no bandwidth.
    let ranges: [Range?]

    /// The features that a bandwidth divides.
    struct Range {
      /// The largest difference of two values in an image.
      let span: Double
      /// The least bandwidth that points of images show; `nil` where they are no positions.
      let least: Double?
    }
  }

  private static func bounds(_ range: Kernel.Range) -> ClosedRange<Double>? {
    guard range.span > 0 else { return nil }
    guard let least = range.least else {
      return shares.lowerBound * range.span...shares.upperBound * range.span
    }
    return least...max(least, mostLengths * range.span)
  }

  /// μ of a term without its weight.
  private static func costs(
    of term: CRFModel.Term, labelCount: Int, title: String
  ) throws -> LearnedCompatibility {
    var settings = term.compatibility.settings
    if term.compatibility.weight != nil { settings["weight"] = .number(1) }
    do {
      let factors = try term.compatibility.kind.make(settings, .files)
        .factors(labelCount: labelCount)
      switch factors {
      case .uniform(let factor): return .potts(-Double(factor))
      case .perLabel(let factors): return .diagonal(factors.map { Double($0) })
      case .matrix(let matrix): return .unsymmetric(matrix.map { Double($0) })
      }
    } catch let error as InputError {
      throw error.within("the term '\(title)'")
    }
  }
}

extension LearningSpace {
  /// The numbers of the start, as the minimiser has them.
  var start: [Double] { parameters.map { $0.inner($0.start) } }

  /// The bounds of the numbers, as the minimiser has them.
  var bounds: [ClosedRange<Double>] {
    parameters.map { $0.inner($0.bounds.lowerBound)...$0.inner($0.bounds.upperBound) }
  }

  /// The bandwidth of each candidate of a term.
  func bandwidths(ofTerm term: Int, _ numbers: [Double]) -> [Double] {
    terms[term].bandwidths.map { $0.number.value(numbers) }
  }

  /// How many candidates for bandwidths a term has.
  func candidateCount(ofTerm term: Int) -> Int { terms[term].bandwidths.count }

  /// Whether a bandwidth is learned.
  var learnsBandwidths: Bool {
    terms.contains { $0.bandwidths.contains { $0.number.place != nil } }
  }

  /// C of each term.
  func compatibilities(_ numbers: [Double]) -> [LearnedCompatibility] {
    terms.map { term in
      entries(of: term.costs, numbers).scaled(by: term.weight.value(numbers))
    }
  }

  private func entries(of place: Int, _ numbers: [Double]) -> LearnedCompatibility {
    let costs = costs[place]
    guard let first = costs.place else { return costs.start }
    return costs.start.with(entries: Array(numbers[first...]), labelCount: labelCount)
  }

  /// The gradient by the numbers.
  ///
  /// - Parameters:
  ///   - terms: the gradients by the numbers of each C and, where bandwidths are learned, by the
  ///     bandwidth of each candidate.
  ///   - numbers: where.
  func gradient(
    _ gradients: [(weights: [Double], bandwidths: [Double])], at numbers: [Double]
  ) -> [Double] {
    var result = [Double](repeating: 0, count: parameters.count)
    for (term, gradient) in zip(terms, gradients) {
      let (weight, mu) = (term.weight.value(numbers), entries(of: term.costs, numbers))
      if let place = term.weight.place {
        result[place] = weight * zip(mu.numbers, gradient.weights).reduce(0) { $0 + $1.0 * $1.1 }
      }
      if let first = costs[term.costs].place {
        let entries = mu.entryGradient(gradient.weights, labelCount: labelCount)
        for (offset, slope) in entries.enumerated() { result[first + offset] += weight * slope }
      }
      for (index, bandwidth) in term.bandwidths.enumerated() {
        guard let place = bandwidth.number.place else { continue }
        result[place] = bandwidth.number.value(numbers) * gradient.bandwidths[index]
      }
    }
    return result
  }

  /// The model that numbers make.
  func model(_ numbers: [Double]) -> CRFModel {
    var model = base
    for (index, term) in terms.enumerated() {
      for (candidate, number) in term.bandwidths where number.place != nil {
        KernelBandwidths.set(
          Double(Float(number.value(numbers)).description) ?? 1, for: candidate,
          in: &model.terms[index].kernel)
      }
      let weight = SettingValue.number(Float(term.weight.value(numbers)).shortest)
      if costs[term.costs].place != nil {
        model.terms[index].compatibility = entries(of: term.costs, numbers)
          .description(weight: weight, labelCount: labelCount)
      } else if term.weight.place != nil {
        model.terms[index].compatibility.settings["weight"] = weight
      }
    }
    return model
  }

  /// The bandwidths of positions that begin below what the images show, with that.
  func narrowBandwidths(_ kernels: [Kernel]) -> [(name: String, value: Double, least: Double)] {
    zip(terms, kernels).enumerated().flatMap { index, pair in
      pair.0.bandwidths.indices.compactMap { place in
        let (candidate, _) = pair.0.bandwidths[place]
        guard let least = pair.1.ranges[place]?.least, candidate.value < least else { return nil }
        return ("\(base.title(ofTerm: index)).\(candidate.name)", candidate.value, least)
      }
    }
  }
}

extension CRFModel {
  /// What a term is called: its kernel's kind, or its place where two terms have the same.
  func title(ofTerm index: Int) -> String {
    let kind = terms[index].kernel.kind.name
    return terms.count { $0.kernel.kind.name == kind } == 1 ? kind : "\(index)"
  }
}

extension Description<CompatibilityKind> {
  /// The weight; `nil` where the kind has none.
  fileprivate var weight: Double? {
    kind.settings.contains { $0.key == TunedParameter.weightKey }
      ? settings.number(TunedParameter.weightKey) : nil
  }
}
