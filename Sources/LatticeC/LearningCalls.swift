import LatticeCHeader
import LatticeSupport
import MeanField
import Unaries

/// `latticecrf_learner_create`.
@_cdecl("latticecrf_learner_create")
public func createLearner(
  _ extents: UnsafePointer<Int64>?, _ rank: Int32, _ labels: Int64,
  _ options: UnsafePointer<latticecrf_learning>?, _ learner: UnsafeMutablePointer<UInt64>?
) -> Int32 {
  call {
    let number = try Arguments.pointer(learner, "learner", alignment: 8)
    var given = latticecrf_learning()
    if options != nil { given = try Arguments.structure(options, "options", defaults: given) }
    let object = try LearnerObject(
      grid: Arguments.grid(extents, rank: rank),
      labelCount: Arguments.integer(
        labels, in: 1...Arguments.mostLabels, "the number of labels"), options: given)
    number.pointee = LearnerObject.all.add(object)
  }
}

/// `latticecrf_learner_destroy`.
@_cdecl("latticecrf_learner_destroy")
public func destroyLearner(_ learner: UInt64) -> Int32 {
  call {
    try LearnerObject.all.remove(learner)
    LargeBlocks.shared.endRound()
  }
}

/// `latticecrf_learner_add_term`.
@_cdecl("latticecrf_learner_add_term")
public func addLearnedTerm(
  _ learner: UInt64, _ term: UnsafePointer<latticecrf_learned_term>?
) -> Int32 {
  call {
    let object = try LearnerObject.all.object(learner)
    let given = try Arguments.structure(term, "term", defaults: latticecrf_learned_term())
    try object.add(LearnedTerm(given, for: object))
  }
}

/// `latticecrf_learner_run`.
@_cdecl("latticecrf_learner_run")
public func runLearner(
  _ learner: UInt64, _ energies: UnsafeRawPointer?, _ energyCount: Int64,
  _ updates: UnsafePointer<latticecrf_updates>?, _ marginals: UnsafeMutableRawPointer?,
  _ marginalCount: Int64, _ logits: UnsafeMutableRawPointer?, _ logitCount: Int64,
  _ record: UnsafeMutablePointer<UInt64>?
) -> Int32 {
  call {
    let object = try LearnerObject.all.object(learner)
    let number = try record.map { try Arguments.pointer($0, "record", alignment: 8) }
    let learner = object.learner
    let alignment = learner.numberSize
    let source = try Arguments.pointer(energies, "energies", alignment: alignment)
    let (labels, points) = (object.labelCount, object.grid.count)
    try Arguments.count(energyCount, labels, points, "the array of energies")
    if let marginals {
      _ = try Arguments.pointer(marginals, "marginals", alignment: alignment)
      try Arguments.count(marginalCount, labels, points, "the array of marginals")
    }
    if let logits {
      _ = try Arguments.pointer(logits, "logits", alignment: alignment)
      try Arguments.count(logitCount, labels, points, "the array of logits")
    }
    var options = try UpdateOptions(updates)
    options.keepsEnergies = logits != nil
    let states =
      options.recomputes
      ? 2 * Int(Double(options.iterations).squareRoot()) + 2 : options.iterations + 1
    let kept = states + (options.keepsEnergies ? 1 : 0)
    let (bytes, overflow) = kept.multipliedReportingOverflow(by: alignment * labels)
    try Arguments.memory(
      points, bytesEach: overflow ? .max : bytes,
      "a record of \(options.iterations) updates of \(labels) labels on \(points) points")
    let run = try learner.run(source, options, parallelism: object.parallelism)
    if let logits { try run.writeLogits(to: logits, parallelism: object.parallelism) }
    if let marginals { run.writeMarginals(to: marginals, parallelism: object.parallelism) }
    number?.pointee = RecordObject.all.add(
      RecordObject(record: run, parallelism: object.parallelism))
  }
}

extension UpdateOptions {
  /// What a caller gives; five updates where that is nothing.
  fileprivate init(_ updates: UnsafePointer<latticecrf_updates>?) throws {
    guard updates != nil else {
      self.init()
      return
    }
    let given = try Arguments.structure(updates, "updates", defaults: latticecrf_updates())
    let damping = given.damping == 0 ? 1 : given.damping
    guard damping > 0, damping <= 1 else {
      throw CallError.argument("the damping is \(damping), but must be above 0 and at most 1")
    }
    self.init(
      iterations: try Arguments.integer(
        given.iterations, in: 0...Arguments.mostIterations, "the number of iterations"),
      damping: damping, recomputes: given.recomputes != 0)
  }
}

/// `latticecrf_record_destroy`.
@_cdecl("latticecrf_record_destroy")
public func destroyRecord(_ record: UInt64) -> Int32 {
  call {
    try RecordObject.all.remove(record)
    LargeBlocks.shared.endRound()
  }
}

/// `latticecrf_record_differentiate`.
@_cdecl("latticecrf_record_differentiate")
public func differentiateRecord(
  _ record: UInt64, _ upstream: UnsafeRawPointer?, _ upstreamCount: Int64, _ ofLogits: Int32,
  _ gradients: UnsafePointer<latticecrf_gradients>?
) -> Int32 {
  call {
    let object = try RecordObject.all.object(record)
    let run = object.record
    let source = try Arguments.pointer(upstream, "upstream", alignment: run.numberSize)
    try Arguments.count(upstreamCount, run.labelCount, run.points, "the upstream gradient")
    let targets = try GradientArguments(
      gradients, terms: run.terms, labels: run.labelCount, points: run.points,
      numberSize: run.numberSize)
    let result = try run.gradient(
      of: source, isOfLogits: ofLogits != 0, wanted: targets.wanted, unary: targets.unary,
      parallelism: object.parallelism)
    targets.write(result, terms: run.terms)
  }
}

/// `latticecrf_learner_filter`.
@_cdecl("latticecrf_learner_filter")
public func filterWithLearner(
  _ learner: UInt64, _ term: Int32, _ values: UnsafeRawPointer?, _ count: Int64,
  _ channels: Int32, _ transposed: Int32, _ output: UnsafeMutableRawPointer?,
  _ outputCount: Int64
) -> Int32 {
  call {
    let object = try LearnerObject.all.object(learner)
    let learner = object.learner
    let place = try learner.place(of: term)
    let channels = try Arguments.integer(
      channels, in: 1...Arguments.mostLabels, "the number of channels")
    let source = try Arguments.pointer(values, "values", alignment: learner.numberSize)
    let target = try Arguments.pointer(output, "output", alignment: learner.numberSize)
    try Arguments.count(count, channels, object.grid.count, "the array of values")
    try Arguments.count(outputCount, channels, object.grid.count, "the output")
    try learner.filter(
      source, channels: channels, term: place, transposed: transposed != 0, into: target,
      parallelism: object.parallelism)
  }
}

/// `latticecrf_learner_filter_gradient`.
@_cdecl("latticecrf_learner_filter_gradient")
public func filterGradientWithLearner(
  _ learner: UInt64, _ term: Int32, _ a: UnsafeRawPointer?, _ q: UnsafeRawPointer?,
  _ count: Int64, _ channels: Int32, _ gradients: UnsafePointer<latticecrf_gradients>?
) -> Int32 {
  call {
    let object = try LearnerObject.all.object(learner)
    let learner = object.learner
    let place = try learner.place(of: term)
    let channels = try Arguments.integer(
      channels, in: 1...Arguments.mostLabels, "the number of channels")
    let first = try Arguments.pointer(a, "a", alignment: learner.numberSize)
    let second = try Arguments.pointer(q, "q", alignment: learner.numberSize)
    try Arguments.count(count, channels, object.grid.count, "the array of values")
    let terms = [learner.terms[place]]
    let targets = try GradientArguments(
      gradients, terms: terms, labels: object.labelCount, points: object.grid.count,
      numberSize: learner.numberSize)
    guard targets.wanted.isDisjoint(with: [.unary, .weights, .compatibilities]) else {
      throw CallError.argument(
        "a filter alone has no gradient by energies, weights or compatibilities")
    }
    targets.write(
      [
        try learner.featureGradient(
          first, second, channels: channels, term: place, parallelism: object.parallelism)
      ], terms: terms)
  }
}

extension Learner {
  /// A caller's number of a term.
  fileprivate func place(of term: Int32) throws -> Int {
    guard let place = Int(exactly: term), terms.indices.contains(place) else {
      throw CallError.argument("there is no term \(term) among \(terms.count)")
    }
    return place
  }
}

/// Where a caller wants gradients, checked.
private struct GradientArguments {
  let unary: UnsafeMutableRawPointer?
  private let given: latticecrf_gradients

  init(
    _ gradients: UnsafePointer<latticecrf_gradients>?, terms: [LearnedTerm], labels: Int,
    points: Int, numberSize: Int
  ) throws {
    given = try Arguments.structure(gradients, "gradients", defaults: latticecrf_gradients())
    unary = try given.unary.map { try Arguments.pointer($0, "unary", alignment: numberSize) }
    if unary != nil {
      try Arguments.count(given.unary_count, labels, points, "the gradient by energies")
    }
    func check(
      _ pointer: UnsafeMutablePointer<Double>?, _ count: Int64, _ name: String,
      _ size: (LearnedTerm) -> Int
    ) throws {
      guard let pointer else { return }
      _ = try Arguments.pointer(pointer, name, alignment: 8)
      try Arguments.count(count, 1, terms.reduce(0) { $0 + size($1) }, name)
    }
    try check(given.compatibilities, given.compatibility_count, "compatibilities") { _ in
      labels * labels
    }
    try check(given.weights, given.weight_count, "weights") { term in
      switch term.compatibility {
      case .potts: 1
      case .diagonal: labels
      case .matrix, .unsymmetric: labels * labels
      }
    }
    try check(given.bandwidths, given.bandwidth_count, "bandwidths") { $0.features.dimensions }
    try check(given.transforms, given.transform_count, "transforms") {
      $0.features.transform?.count ?? 0
    }
    try check(given.features, given.feature_count, "features") {
      ($0.features.imageChannels?.count ?? 0) * $0.features.points
    }
  }

  var wanted: GradientSet {
    var wanted: GradientSet = []
    if unary != nil { wanted.insert(.unary) }
    if given.compatibilities != nil { wanted.insert(.compatibilities) }
    if given.weights != nil { wanted.insert(.weights) }
    if given.bandwidths != nil { wanted.insert(.bandwidths) }
    if given.transforms != nil { wanted.insert(.transforms) }
    if given.features != nil { wanted.insert(.rawFeatures) }
    return wanted
  }

  func write(_ gradients: [TermGradient], terms: [LearnedTerm]) {
    func write(_ parts: [[Double]?], to target: UnsafeMutablePointer<Double>?) {
      guard var place = target else { return }
      for part in parts {
        guard let part else { continue }
        for value in part {
          place.pointee = value
          place += 1
        }
      }
    }
    write(gradients.map(\.compatibility), to: given.compatibilities)
    write(gradients.map(\.weights), to: given.weights)
    write(gradients.map(\.bandwidths), to: given.bandwidths)
    write(gradients.map(\.transform), to: given.transforms)
    guard given.features != nil else { return }
    write(
      zip(gradients, terms).map { gradient, term in
        guard let channels = term.features.imageChannels, let rows = gradient.rawFeatures else {
          return nil
        }
        let (points, d) = (term.features.points, term.features.dimensions)
        return channels.flatMap { channel in (0..<points).map { rows[$0 * d + channel] } }
      }, to: given.features)
  }
}
