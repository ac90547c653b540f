import Formats
import LatticeSupport
import ToolSupport
import Unaries

/// What `--scorer` says: a unary that scores images.
struct Scorer {
  /// As reports have it, with its settings.
  let text: String
  private let unary: any Unary

  /// - Throws: `InputError` naming the option, where there is no such unary or a setting is ill.
  init(_ text: String) throws {
    (self.text, unary) = try OptionCheck.naming("--scorer") {
      let description = try Description<UnaryKind>(text)
      return (
        "\(description)", try description.kind.make(description.settings, .files)
      )
    }
  }

  /// The scores of an image; the time that they took is that of unaries.
  func scores(of image: LoadedImage) throws -> LoadedScores {
    let scene = Scene(image.image)
    var times = Stopwatch()
    let energies = try times.measure(.unary) { try unary.energies(for: scene) }
    return LoadedScores(
      scene: scene, energies: energies, summary: ScoreSummary(grid: scene.grid),
      image: image.notes, times: times)
  }
}
