import Foundation
import LatticeSupport

/// A CRF behind a network, as a training's configuration has it: Zheng et al. (2015).
public struct CRFLayerSettings: Sendable, Hashable, Codable {
  /// What a training changes.
  public enum Learned: String, Sendable, Codable, CaseIterable {
    /// The network and the CRF.
    case all
    /// The CRF alone: the network and its normalisations stay as they are.
    case crf
    /// The network alone.
    case network
  }

  /// How pairs of points are summed.
  public enum Filter: String, Sendable, Codable, CaseIterable {
    /// Krähenbühl & Koltun's permutohedral lattice.
    case permutohedral
    /// A lattice that is closer to the Gaussian.
    case accurate
    /// All pairs: quadratic in the number of points.
    case exact
  }

  /// Whether there is one.
  public var enabled = false
  /// Updates in training, at least 1.
  public var iterations = 5
  /// Updates in use, at least 1.
  public var testIterations = 10
  /// How pairs of points are summed.
  public var filter = Filter.permutohedral
  /// Pixels from one point of the CRF to the next, along rows and columns.
  public var stride = 1
  /// σ of the kernel of positions alone, in pixels.
  public var spatialSigma = 3.0
  /// σ of the bilateral kernel's positions, in pixels.
  public var bilateralSigma = 160.0
  /// σ of the bilateral kernel's colours, in levels of 0…255.
  public var colorSigma = 3.0
  /// The weight of the kernel of positions that every label begins with.
  public var spatialWeight = 3.0
  /// The weight of the bilateral kernel that every label begins with.
  public var bilateralWeight = 5.0
  /// Whether the logarithms of the three σ learn.
  public var learnsBandwidths = false
  /// What the learning rate is multiplied by.
  public var rate = 5.0
  /// What the training changes.
  public var learns = Learned.all

  /// None; what it would be follows the paper.
  public init() {}
}

/// An edge-aware domain transform behind a network, as a training's configuration has it: Chen et
/// al. (2016).
public struct DomainTransformSettings: Sendable, Hashable, Codable {
  /// Whether there is one.
  public var enabled = false
  /// Rounds over both axes.
  public var iterations = 3
  /// Pixels from one point to the next, along rows and columns.
  public var stride = 1
  /// σ of positions, in pixels.
  public var spatialSigma = 20.0
  /// σ of edges, in units of the map, whose own scale is learned.
  public var edgeSigma = 1.0
  /// Whether the logarithms of both σ learn.
  public var learnsBandwidths = false
  /// What the learning rate of both is multiplied by.
  public var rate = 1.0

  /// None; three rounds, as in the paper.
  public init() {}
}

/// What refines a network's scores and is learned with it: a domain transform, then a CRF.
public struct LearnedRefinement: Sendable, Hashable, Codable {
  /// Along the network's own edges.
  public var domainTransform: DomainTransformSettings
  /// By the image's colours.
  public var crf: CRFLayerSettings

  /// - Parameters:
  ///   - domainTransform: along the network's own edges; none unless it is said.
  ///   - crf: by the image's colours; none unless it is said.
  public init(
    domainTransform: DomainTransformSettings = DomainTransformSettings(),
    crf: CRFLayerSettings = CRFLayerSettings()
  ) {
    self.domainTransform = domainTransform
    self.crf = crf
  }

  /// What `text` said; `nil` where that is no refinement.
  init?(text: String) {
    guard
      let found = try? JSONDecoder().decode(LearnedRefinement.self, from: Data(text.utf8)),
      (try? found.check()) != nil, !found.isNone
    else { return nil }
    self = found
  }

  /// As JSON, for the notes of a checkpoint.
  var text: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    do {
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    } catch {
      preconditionFailure("finite numbers have JSON: \(error)")
    }
  }

  /// Whether there is nothing.
  public var isNone: Bool { !domainTransform.enabled && !crf.enabled }

  /// In a few words, for reports.
  public var summary: String {
    var parts: [String] = []
    if domainTransform.enabled {
      parts.append("a domain transform along learned edges")
    }
    if crf.enabled { parts.append("a CRF of \(crf.testIterations) updates") }
    return parts.joined(separator: ", ")
  }

  /// Refuses numbers that mean nothing.
  ///
  /// - Throws: `InputError` that names the key.
  public func check() throws {
    func require(_ isRight: Bool, _ key: String, _ found: Any, _ needed: String) throws {
      guard isRight else {
        throw InputError(.usage, at: "'\(key)'", "is \(found), but must be \(needed)")
      }
    }
    for (key, value) in [
      ("crf.spatialSigma", crf.spatialSigma), ("crf.bilateralSigma", crf.bilateralSigma),
      ("crf.colorSigma", crf.colorSigma),
      ("domainTransform.spatialSigma", domainTransform.spatialSigma),
      ("domainTransform.edgeSigma", domainTransform.edgeSigma),
    ] {
      try require((0.1...1e5).contains(value), key, value, "0.1…100000")
    }
    for (key, value) in [
      ("crf.spatialWeight", crf.spatialWeight), ("crf.bilateralWeight", crf.bilateralWeight),
      ("crf.rate", crf.rate), ("domainTransform.rate", domainTransform.rate),
    ] {
      try require((0...1e6).contains(value), key, value, "0…1000000")
    }
    for (key, value, range) in [
      ("crf.iterations", crf.iterations, 1...100),
      ("crf.testIterations", crf.testIterations, 1...100),
      ("crf.stride", crf.stride, 1...64),
      ("domainTransform.iterations", domainTransform.iterations, 1...20),
      ("domainTransform.stride", domainTransform.stride, 1...64),
    ] {
      try require(
        range.contains(value), key, value, "\(range.lowerBound)…\(range.upperBound)")
    }
  }
}
