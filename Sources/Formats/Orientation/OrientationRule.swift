import LatticeSupport
import Unaries

/// What is done with pictures that are not stored upright.
///
/// Scores and masks may be of the picture either way: programs differ in whether they turn
/// photographs as they read them.
public enum OrientationRule: String, Sendable, Codable, CaseIterable {
  /// The proportions of the scores or masks tell; where they cannot, it is an error.
  case ask
  /// All are turned upright.
  case apply
  /// All are taken as they are stored.
  case ignore
}

/// How a picture that is not stored upright was taken.
public struct OrientationUse: Sendable, Hashable {
  /// As the file notes it.
  public let orientation: PictureOrientation
  /// Whether it was turned upright.
  public let isApplied: Bool
  /// Why it was taken so.
  public let reason: Reason

  /// Why a picture was taken so.
  public enum Reason: Sendable, Hashable {
    /// There was nothing to choose.
    case none
    /// What belongs to it fits that way: `scores`.
    case fit(String)
    /// The caller said so.
    case asked

    /// `, as the scores are`; empty where there was nothing to choose.
    fileprivate func text(in wording: RemedyWording) -> String {
      switch self {
      case .none: ""
      case .fit(let companion): ", as the \(companion) are"
      case .asked: ", by \(wording.name(.orientation))"
      }
    }
  }

  package init(_ orientation: PictureOrientation, isApplied: Bool, reason: Reason = .none) {
    self.orientation = orientation
    self.isApplied = isApplied
    self.reason = reason
  }
}

extension OrientationUse {
  /// Refuses what belongs to the picture the other way up.
  ///
  /// - Parameters:
  ///   - companion: what it is, in the plural: `scores`.
  ///   - taken: the grid of the picture as it was taken.
  ///   - fits: whether it can be read on a grid.
  /// - Throws: `InputError` where it cannot be read on `taken`, but could on the other way's grid.
  package func check(_ companion: String, over taken: GridShape, fits: (GridShape) -> Bool) throws {
    let other = orientation.uprightGrid(of: taken)
    guard other != taken, !fits(taken), fits(other) else { return }
    let ways = ["as it is stored", "turned upright"]
    throw InputError(
      .data,
      "has \(companion) of the photograph \(ways[isApplied ? 0 : 1]) (EXIF orientation "
        + "\(orientation.rawValue)), but it is taken \(ways[isApplied ? 1 : 0])"
        + (reason == .asked ? ", as was asked for" : reason.text(in: .neutral)),
      remedy: "make both of the photograph the same way up")
  }
}

extension OrientationUse: CustomStringConvertible {
  /// `turned upright (EXIF orientation 6), as the scores are`.
  public var description: String { text(in: .neutral) }

  /// The same in a front end's terms.
  public func text(in wording: RemedyWording) -> String {
    let number = orientation.rawValue
    return
      (isApplied
      ? "turned upright (EXIF orientation \(number))"
      : "as stored (EXIF orientation \(number) is not applied)")
      + reason.text(in: wording)
  }
}

extension OrientationRule {
  /// How to take a picture of the grid `stored`; `nil` where it is stored upright.
  ///
  /// - Parameters:
  ///   - orientation: that of the file.
  ///   - path: the file, for messages.
  ///   - companion: what belongs to the picture, in the plural: `scores`.
  ///   - fits: whether that can lie over a grid; of several questions, the first that one grid
  ///     passes and the other does not decides.
  /// - Throws: `InputError` where the companion fits only the other way, or either way and nobody
  ///   says which is right. Where it fits neither way, whoever reads it says so.
  package func use(
    _ orientation: PictureOrientation, stored: GridShape, at path: String, companion: String,
    fits: [(GridShape) -> Bool]
  ) throws -> OrientationUse? {
    guard orientation != .upright else { return nil }
    let upright = orientation.uprightGrid(of: stored)
    // Whether the upright grid is the one that fits; `nil` where both do or neither does.
    var told: Bool?
    if upright != stored {
      told =
        fits.lazy.map { (stored: $0(stored), upright: $0(upright)) }
        .first { $0.stored != $0.upright }?.upright
    }
    switch self {
    case .ask:
      if let told {
        return OrientationUse(orientation, isApplied: told, reason: .fit(companion))
      }
      let isMisfit = upright != stored && fits.allSatisfy { !$0(stored) }
      guard isMisfit else { throw Self.question(orientation, at: path, companion) }
      return OrientationUse(orientation, isApplied: false)
    case .apply, .ignore:
      let isApplied = self == .apply
      if let told, told != isApplied {
        throw InputError(
          .data, at: path,
          "is \(isApplied ? upright : stored) pixels "
            + (isApplied ? "turned upright" : "as it is stored")
            + ", which was asked for, but the \(companion) are of the picture "
            + (isApplied ? "as it is stored" : "turned upright")
            + " (EXIF orientation \(orientation.rawValue)), \(isApplied ? stored : upright)",
          remedy: "leave \(name: .orientation) out: the proportions tell")
      }
      return OrientationUse(orientation, isApplied: isApplied, reason: .asked)
    }
  }

  private static func question(
    _ orientation: PictureOrientation, at path: String, _ companion: String
  ) -> InputError {
    InputError(
      .data, at: path,
      "is not stored upright (EXIF orientation \(orientation.rawValue)), and nothing "
        + "shows whether the \(companion) are of the picture as it is stored or turned upright",
      remedy: """
        give \(set: .orientation(.apply)) if the program that made them turns photographs upright \
        (OpenCV, mmcv, labelme), or \(set: .orientation(.ignore)) if it does not (Pillow, \
        torchvision)
        """)
  }
}
