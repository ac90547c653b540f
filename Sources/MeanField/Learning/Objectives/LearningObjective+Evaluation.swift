import LatticeSupport

extension LearningObjective {
  /// The value at the marginals of a batch, and its gradients by them.
  ///
  /// Points that are void have a gradient of 0, and so has a batch without labelled points, whose
  /// value is 0. Where Q(y) underflows, log's gradient is 0: use `gradient(ofLogits:)` there.
  ///
  /// - Parameters:
  ///   - marginals: N × L each.
  ///   - labels: N each.
  ///   - reduction: what becomes of the images.
  /// - Complexity: O(N·L).
  public func evaluate<Field: LearningField>(
    _ marginals: [Field], _ labels: [[UInt16]], reduction: Reduction = .imageMean
  ) -> (value: Double, gradients: [Field]) {
    precondition(
      marginals.count == labels.count
        && zip(marginals, labels).allSatisfy { $0.points == $1.count },
      "labels of other images than the marginals")
    var gradients = marginals.map { Field(points: $0.points, channels: $0.channels) }
    guard reduction == .imageMean else {
      let value = add(
        Pool(marginals, labels, images: Array(marginals.indices)), share: 1, to: &gradients)
      return (value, gradients)
    }
    let pools = marginals.indices.map { Pool(marginals, labels, images: [$0]) }
      .filter { $0.labelledCount > 0 }
    var value = 0.0
    for pool in pools {
      value += add(pool, share: 1 / Double(pools.count), to: &gradients)
    }
    return (value, gradients)
  }

  /// The same for one image.
  public func evaluate<Field: LearningField>(
    _ marginals: Field, _ labels: [UInt16]
  ) -> (value: Double, gradient: Field) {
    let (value, gradients) = evaluate([marginals], [labels])
    return (value, gradients[0])
  }

  /// Images that are evaluated as one.
  private struct Pool<Field: LearningField> {
    let marginals: [Field]
    let labels: [[UInt16]]
    let images: [Int]
    let labelCount: Int
    /// Labelled points of each label.
    let counts: [Int]
    let pointCount: Int

    init(_ marginals: [Field], _ labels: [[UInt16]], images: [Int]) {
      let labelCount = marginals.first?.channels ?? 0
      var counts = [Int](repeating: 0, count: labelCount)
      for image in images {
        for label in labels[image] where Int(label) < labelCount { counts[Int(label)] += 1 }
      }
      self.marginals = marginals
      self.labels = labels
      self.images = images
      self.labelCount = labelCount
      self.counts = counts
      pointCount = images.reduce(0) { $0 + labels[$1].count }
    }

    var labelledCount: Int { counts.reduce(0, +) }

    /// Calls `body` for every labelled point.
    func forEach(_ body: (_ image: Int, _ point: Int, _ label: Int, _ q: Double) -> Void) {
      for image in images {
        for (point, label) in labels[image].enumerated() where Int(label) < labelCount {
          body(image, point, Int(label), Double(marginals[image][point, Int(label)]))
        }
      }
    }
  }

  /// The least that a logarithm is taken of.
  private static let least = 1e-20

  /// Returns `share` times the value, and adds its gradient.
  private func add<Field: LearningField>(
    _ pool: Pool<Field>, share: Double, to gradients: inout [Field]
  ) -> Double {
    guard pool.labelledCount > 0 else { return 0 }
    if case .iou(let averaged) = self {
      return addIOU(pool, averaged, share: share, to: &gradients)
    }
    let factors = factors(pool)
    var value = 0.0
    pool.forEach { image, point, label, q in
      let (term, slope) = term(q)
      value += share * factors[label] * term
      gradients[image][point, label] = Field.Scalar(share * factors[label] * slope)
    }
    return value
  }

  /// What a point's term is multiplied with, by its label.
  private func factors<Field>(_ pool: Pool<Field>) -> [Double] {
    let ones = [Double](repeating: 1, count: pool.labelCount)
    func checked(_ weights: [Double]?) -> [Double] {
      let weights = weights ?? ones
      precondition(
        weights.count == pool.labelCount, "\(weights.count) weights for \(pool.labelCount) labels")
      return weights
    }
    let labelled = Double(pool.labelledCount)
    switch self {
    case .logLikelihood(_, let counted):
      return ones.map { $0 / (counted == .all ? Double(pool.pointCount) : labelled) }
    case .hamming(let power):
      let rarity = pool.counts.map { count in
        count == 0 ? 0 : exponential(-power * logarithm(Double(count) / labelled))
      }
      let total = zip(rarity, pool.counts).reduce(0) { $0 + $1.0 * Double($1.1) }
      return rarity.map { $0 / total }
    case .weightedHamming(let weights): return checked(weights)
    case .iou: return ones
    case .crossEntropy(let weights):
      let weights = checked(weights)
      let total = zip(weights, pool.counts).reduce(0) { $0 + $1.0 * Double($1.1) }
      return weights.map { total == 0 ? 0 : $0 / total }
    case .focal(_, let weights): return checked(weights).map { $0 / labelled }
    }
  }

  /// A point's term and its derivative by Q(y).
  private func term(_ q: Double) -> (value: Double, slope: Double) {
    switch self {
    case .logLikelihood(let epsilon, _):
      let raised = max(q + epsilon, Self.least)
      return (logarithm(raised), q + epsilon > Self.least ? 1 / raised : 0)
    case .hamming, .weightedHamming, .iou: return (q, 1)
    case .crossEntropy:
      let raised = max(q, Self.least)
      return (-logarithm(raised), q > Self.least ? -1 / raised : 0)
    case .focal(let gamma, _):
      let (raised, rest) = (max(q, Self.least), 1 - q)
      let log = logarithm(raised)
      // 0⁰ = 1; nothing is left to learn of a certain point.
      let faded = gamma == 0 ? 1 : rest > 0 ? exponential(gamma * logarithm(rest)) : 0
      let slope = gamma == 0 || rest <= 0 ? 0 : gamma * faded / rest * log
      return (-faded * log, slope - (q > Self.least ? faded / raised : 0))
    }
  }

  private func addIOU<Field: LearningField>(
    _ pool: Pool<Field>, _ averaged: AveragedLabels, share: Double, to gradients: inout [Field]
  ) -> Double {
    let labels = pool.labelCount
    var intersections = [Double](repeating: 0, count: labels)
    var unions = pool.counts.map { Double($0) }
    pool.forEach { image, point, label, q in
      intersections[label] += q
      for other in 0..<labels where other != label {
        unions[other] += Double(pool.marginals[image][point, other])
      }
    }
    let used = (0..<labels).map { averaged == .all || pool.counts[$0] > 0 }
    let weight = share / Double(used.filter(\.self).count)
    for label in 0..<labels { unions[label] = max(unions[label], Self.least) }
    pool.forEach { image, point, label, _ in
      for other in 0..<labels where used[other] {
        let slope =
          other == label
          ? 1 / unions[other] : -intersections[other] / (unions[other] * unions[other])
        gradients[image][point, other] = Field.Scalar(weight * slope)
      }
    }
    return (0..<labels).reduce(0) {
      $0 + (used[$1] ? weight * intersections[$1] / unions[$1] : 0)
    }
  }
}
