import LatticeSupport
import Testing

/// Remedies, and how front ends word them.
struct RemedyTests {
  /// Words that show where they come from.
  private static let marked = RemedyWording(
    separator: " & ",
    setting: { "<\($0.parameter.rawValue)=\($0.value ?? "")>" }, name: { "<\($0.rawValue)>" })

  @Test("a text is a remedy as it stands, and an empty one is none")
  func plainText() {
    let remedy: Remedy = "save it \(2 + 1) times as \("PNG")"
    #expect(remedy == Remedy("save it 3 times as PNG") && remedy.parts.count == 1)
    #expect(remedy.text(in: Self.marked) == remedy.description)
    #expect(Remedy("").isEmpty && !remedy.isEmpty)
    #expect(InputError(.data, at: "a.png", "is blue").description == "a.png: is blue")
  }

  @Test("what can be set is worded by the front end, and the rest is not")
  func parts() {
    let inner: Remedy = "use \(set: .scoreKind(.logits))"
    let remedy: Remedy = """
      \(inner), or add \(set: .scoreKind(.probabilities), .normalizeScores); leave \(name: .tiles) \
      out
      """
    #expect(
      remedy.text(in: Self.marked)
        == "use <score_kind=logits>, or add <score_kind=probabilities> & <normalize_scores=>; "
        + "leave <tiles> out")
    #expect(remedy.description.hasPrefix("use the score kind 'logits', or add "))
    #expect(
      remedy.description.hasSuffix("and normalization of the scores; leave tiles out"))
  }

  @Test("errors and warnings keep their remedies typed, wherever they are said to be from")
  func errorsAndWarnings() {
    let error = InputError(.data, "is one row", remedy: "add \(set: .layout(.channelsLast))")
    let text = "a.npy: part 1: is one row; add <layout=last>"
    #expect(error.within("part 1").at("a.npy").text(in: Self.marked) == text)
    let warning = InputWarning(at: "a.npy", "is gray", remedy: "give \(set: .chosen(.palette))")
    #expect(warning.text(in: Self.marked) == "a.npy: is gray; give <palette=>")
    #expect("\(warning)" == "a.npy: is gray; give the name of a palette")
  }

  @Test("every parameter has neutral words, without an option's dashes")
  func neutralWords() {
    for parameter in Remedy.Parameter.allCases {
      let name = RemedyWording.neutral.name(parameter)
      #expect(!name.isEmpty && !name.contains("--"))
      #expect(RemedyWording.neutral.text(for: [.chosen(parameter)]) == name)
    }
    let settings: [Remedy.Setting] = [
      .layout(.channelsFirst), .tiles(2048), .imageRange(0, 4095), .labelMapping("255:1"),
      .orientation(.apply), .member("scores"), .state("model_ema"), .prefix("teacher."),
    ]
    #expect(
      settings.map { RemedyWording.neutral.text(for: [$0]) } == [
        "the layout with the labels first", "tiles of 2048 pixels", "the image range 0…4095",
        "the label mapping '255:1'", "the orientation rule 'apply'",
        "the member 'scores'", "the dictionary 'model_ema'",
        "the prefix 'teacher.'",
      ])
  }
}
