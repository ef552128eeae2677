//! Tests of what edge files say about pairs: signs, weights, probabilities, and what is not understood.

use super::fixture::{edge, read_text, read_text_as, refusal};
use super::*;

fn skipped(unsure: u64) -> Skipped {
    Skipped { unsure, ..Skipped::default() }
}

#[tokio::test]
async fn signs_are_positives_negatives_or_unknown() {
    for (name, text) in [
        ("s.csv", "src,dst,label\n1,2,match\n3,4,distinct\n5,6,unsure\n7,8,\n"),
        ("s.csv", "src,dst,Match\n1,2, YES \n3,4,No\n5,6,Unsure\n7,8,unknown\n"),
        ("s.csv", "id_l,id_r,is_match\n1,2,1\n3,4,0\n5,6,\n7,8,\n"),
        ("s.csv", "id_l,id_r,matched\n1,2,true\n3,4,False\n5,6,\n7,8,\n"),
        ("s.tsv", "source\ttarget\tlabel\n1\t2\tduplicate\n3\t4\tnon-duplicate\n5\t6\tunsure\n7\t8\t\n"),
        ("s.csv", "unique_id_l,unique_id_r,clerical_match_score\n1,2,1.0\n3,4,0.0\n5,6,0.5\n7,8,\n"),
        (
            "s.jsonl",
            "{\"lhs\":1,\"rhs\":2,\"label\":true}\n{\"lhs\":3,\"rhs\":4,\"label\":false}\n{\"lhs\":5,\"rhs\":6,\"label\":null}\n{\"lhs\":8,\"rhs\":7}\n",
        ),
    ] {
        let (edges, found) = read_text_as(name, text, None, |file| file).await.unwrap();
        assert_eq!(edges, [edge(1, 2, 1.0, "s"), edge(3, 4, -1.0, "s")], "{text}");
        assert_eq!(found, skipped(2), "{text}");
    }
    let text = "src,dst,verdict\n1,2,same\n3,4,different\n";
    let (edges, _) = read_text_as("v.csv", text, None, |file| file.signs("verdict")).await.unwrap();
    assert_eq!(edges, [edge(1, 2, 1.0, "v"), edge(3, 4, -1.0, "v")]);
    let clerical = "id_l,id_r,clerical_match_score\n1,2,0.75\n3,4,0.25\n";
    assert_eq!(read_text("c.csv", clerical, None).await.unwrap(), [edge(1, 2, 0.5, "c"), edge(3, 4, -0.5, "c")]);
}

#[tokio::test]
async fn signs_multiply_weights() {
    // Weights without a sign are strengths; a blank one matters only where the sign is known.
    let plain = "src,dst,label,weight\n1,2,1,0.5\n3,4,0,0.25\n5,6,unsure,\n";
    let (edges, found) = read_text_as("w.csv", plain, None, |file| file).await.unwrap();
    assert_eq!((edges, found), (vec![edge(1, 2, 0.5, "w"), edge(3, 4, -0.25, "w")], skipped(1)));
    let signed = "src,dst,label,weight\n1,2,1,0.5\n3,4,0,-0.25\n";
    assert_eq!(read_text("w.csv", signed, None).await.unwrap(), [edge(1, 2, 0.5, "w"), edge(3, 4, -0.25, "w")]);
    let named = "src,dst,verdict,score\n1,2,1,0.5\n3,4,0,0.25\n";
    let (edges, _) = read_text_as("w.csv", named, None, |file| file.signs("verdict").weights("score")).await.unwrap();
    assert_eq!(edges, [edge(1, 2, 0.5, "w"), edge(3, 4, -0.25, "w")]);
    let likely = "id_l,id_r,label,match_probability\n1,2,1,0.75\n3,4,0,0.25\n5,6,1,0.5\n";
    let (edges, found) = read_text_as("p.csv", likely, None, |file| file).await.unwrap();
    assert_eq!((edges, found), (vec![edge(1, 2, 0.5, "p"), edge(3, 4, -0.5, "p")], skipped(1)));
}

#[tokio::test]
async fn signs_that_contradict_weights_name_row_and_columns() {
    for (text, row, column, found) in [
        ("src,dst,label,weight\n1,2,0,-1\n3,4,1,-0.5\n", 1, "label", "alike beside the weight -0.5 by `weight`"),
        // That weights are signed shows in a later row.
        ("src,dst,label,weight\n1,2,0,1\n3,4,0,-0.5\n", 0, "label", "not alike beside the weight 1 by `weight`"),
        ("src,dst,match,weight\n3,4,no,-0.5\n1,2,no,0.5\n", 1, "match", "a weight below 0 in row 0"),
        ("src,dst,label,p\n1,2,1,0.25\n", 0, "label", "alike beside the weight -0.5 by `p`"),
    ] {
        let error = refusal("e.csv", text, |file| file).await;
        assert_eq!((error.row, error.column.as_str()), (Some(row), column), "{error}");
        assert!(error.found.contains(found) && error.hint.contains(".ignoring(["), "{error}");
    }
    let text = "src,dst,label,p\n1,2,1,0.25\n3,4,0,0.75\n";
    assert!(refusal("e.csv", text, |file| file).await.hint.contains(".probabilities_as_weights()"));
    let (edges, _) = read_text_as("e.csv", text, None, EdgeFile::probabilities_as_weights).await.unwrap();
    assert_eq!(edges, [edge(1, 2, 0.25, "e"), edge(3, 4, -0.75, "e")]);
}

#[tokio::test]
async fn probabilities_are_signed_or_plain() {
    for column in ["match_probability", "probability", "p"] {
        let text = format!("src,dst,{column}\n1,2,0.75\n3,4,0.5\n5,6,0\n");
        let (edges, found) = read_text_as("p.csv", &text, None, |file| file).await.unwrap();
        assert_eq!((edges, found), (vec![edge(1, 2, 0.5, "p"), edge(5, 6, -1.0, "p")], skipped(1)));
        let (edges, found) = read_text_as("p.csv", &text, None, EdgeFile::probabilities_as_weights).await.unwrap();
        assert_eq!((edges, found), (vec![edge(1, 2, 0.75, "p"), edge(3, 4, 0.5, "p")], skipped(1)));
    }
    // Odds of 8 to 1, of 1 to 1, and certainty.
    let text = "unique_id_l,unique_id_r,match_weight\n1,2,3\n3,4,0\n5,6,-inf\n";
    let (edges, found) = read_text_as("m.csv", text, None, |file| file).await.unwrap();
    assert_eq!((edges, found), (vec![edge(1, 2, 7.0 / 9.0, "m"), edge(5, 6, -1.0, "m")], skipped(1)));
    let error = refusal("m.csv", "id_l,id_r,match_weight\n1,2,NaN\n", |file| file).await;
    assert!(error.row == Some(0) && error.expected.contains("logarithm of odds"), "{error}");
    // splink writes both, and much else.
    let text = "match_weight,match_probability,unique_id_l,unique_id_r,name_l,name_r,gamma_name,bf_name,match_key\n\
                2,0.8,1,2,ann,anne,1,3.5,0\n";
    let found = read_text("splink.csv", text, None).await.unwrap();
    assert_eq!((found.len(), found[0].2), (1, 0.6));
}

#[tokio::test]
async fn words_that_are_not_understood_name_row_column_and_words() {
    for (text, row, value) in [
        ("src,dst,label\n1,2,match\n3,4,perhaps\n", 1, "`perhaps`"),
        ("src,dst,label\n1,2,1\n3,4,-1\n", 1, "`-1`"),
        ("src,dst,label\n1,2,2\n", 0, "`2`"),
    ] {
        let error = refusal("e.csv", text, |file| file).await;
        assert_eq!((error.row, error.column.as_str(), error.found.as_str()), (Some(row), "label", value));
        for part in ["match", "distinct", "unsure", "yes", "no"] {
            assert!(error.expected.contains(part), "{error}");
        }
        assert!(error.hint.contains(".weights(\"label\")") && error.hint.contains(".ignoring([\"label\"])"), "{error}");
    }
    let (edges, _) =
        read_text_as("e.csv", "src,dst,label\n1,2,-1\n", None, |file| file.weights("label")).await.unwrap();
    assert_eq!(edges, [edge(1, 2, -1.0, "e")]);
}

#[tokio::test]
async fn columns_that_are_not_understood_are_refused_until_they_are_named() {
    for column in ["verdict", "result", "score", "similarity", "status", "decision"] {
        let text = format!("src,dst,{column}\n1,2,1\n");
        let error = refusal("e.csv", &text, |file| file).await;
        assert_eq!((error.column.as_str(), error.row), (column, None));
        for remedy in ["signs", "weights"] {
            assert!(error.hint.contains(&format!(".{remedy}(\"{column}\")")), "{error}");
        }
        let ignored = read_text_as("e.csv", &text, None, |file| file.ignoring([column])).await.unwrap();
        assert_eq!(ignored.0, [edge(1, 2, 1.0, "e")]);
    }
    let attributes = "src,dst,name_l,name_r,price_l,price_r,note\n1,2,a,b,0.5,0.25,x\n";
    assert_eq!(read_text("e.csv", attributes, None).await.unwrap(), [edge(1, 2, 1.0, "e")]);
}
