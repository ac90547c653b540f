import Foundation
import LatticeSupport

/// A trained network that comes with the package, and what it was trained on.
///
/// `Models/README.md` is its card: data, licence, recipe, scores, weaknesses.
public struct BundledModel: Sendable, Hashable {
  /// The file's name without its ending.
  public let name: String
  /// What it labels, in a line.
  public let summary: String

  /// `deeplab-small` for views of streets from a car; 11 classes of CamVid.
  public static let street = BundledModel(
    name: "street", summary: "streets seen from a car, 11 classes of CamVid")

  /// What the build calls the folder of this module's files.
  private static let folder = "LatticeCRF_DeepLabNet.resources/Models"

  /// The weights' path: beside the program, as builds put it, or in `share/latticecrf` beside the
  /// program's folder.
  ///
  /// - Throws: `InputError` naming the places where it is not.
  public func path() throws -> String {
    let program = Bundle.main.bundlePath
    let places = [program + "/" + Self.folder, program + "/../share/latticecrf/Models"]
      .map { "\($0)/\(name).safetensors" }
    guard let place = places.first(where: FileManager.default.isReadableFile) else {
      throw InputError(
        .noInput, at: places[0], "is not there, which is the trained model for \(summary)",
        remedy: """
          copy the folder LatticeCRF_DeepLabNet.resources along with the program, or give a \
          network's weights with \(set: .chosen(.weights))
          """)
    }
    return place
  }
}
