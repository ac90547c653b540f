import LatticeC
import LatticeCHeader
import LatticeSupport
import Testing

/// What errors propose, in the words of C and of the languages above it. What is set holds for the
/// whole process, so tests take parameters that no other test's errors have.
struct RemedyWordTests {
  @Test("settings are the header's constants, or English where there is none")
  func constants() {
    let remedy: Remedy = """
      use \(set: .scoreKind(.logits)), \(set: .layout(.channelsFirst)) or \(set: .tiles(64))
      """
    #expect(
      remedy.text(in: .c)
        == "use LATTICECRF_LOGITS, LATTICECRF_CHANNELS_FIRST or tiles of 64 pixels")
  }

  @Test("an error of a call has its remedy")
  func call() throws {
    var number: latticecrf_crf = 0
    #expect(latticecrf_crf_create([1], 1, 2, 1, &number) == LATTICECRF_OK)
    defer { _ = latticecrf_crf_destroy(number) }
    let status = latticecrf_crf_set_scores(
      number, [4, -3], 2, [1], Int32(LATTICECRF_PROBABILITIES), Int32(LATTICECRF_CHANNELS_FIRST),
      1e-5)
    #expect(status == LATTICECRF_INVALID_DATA)
    #expect(
      String(cString: latticecrf_last_error())
        .contains("; use LATTICECRF_LOGITS if these are scores before the softmax"))
  }

  @Test("a binding's words take the place of them, for a parameter or one value of it")
  func given() {
    defer {
      for name in ["orientation", "image_range", "orientation=ignore"] {
        #expect(latticecrf_set_words(name, nil) == LATTICECRF_OK)
      }
    }
    #expect(latticecrf_set_words("orientation", "turn='%s' 100%") == LATTICECRF_OK)
    #expect(latticecrf_set_words("orientation=ignore", "turn=None") == LATTICECRF_OK)
    #expect(latticecrf_set_words("image_range", "(%s)") == LATTICECRF_OK)
    let remedy: Remedy = """
      \(set: .orientation(.apply)); \(set: .orientation(.ignore), .imageRange(0, 1))
      """
    #expect(remedy.text(in: .c) == "turn='apply' 100%; turn=None, (0,1)")
  }

  @Test("words for what is no parameter are refused")
  func refusals() {
    #expect(latticecrf_set_words("volume", "loud") == LATTICECRF_INVALID_ARGUMENT)
    #expect(String(cString: latticecrf_last_error()).contains("'volume'"))
    #expect(latticecrf_set_words(nil, "loud") == LATTICECRF_INVALID_ARGUMENT)
  }
}
